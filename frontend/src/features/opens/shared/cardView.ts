/** Words for how an open stands on its card. */

import type { Card, SessionRow } from '@/api/marketOpen';
import { formatCountdown, timeIn } from '@/shared/clockText';
import { formatSpan } from './words';

/** How an open without a session stands, as seen from `presentMs`. */
export function stateWords(card: Card, presentMs: number): string {
  switch (card.state) {
    case 'upcoming':
      return card.opens_at === null ? 'to come' : opensWords(Date.parse(card.opens_at) - presentMs);
    case 'open':
      return 'Open, capture awaited';
    case 'missed':
      return 'Missed';
    case 'holiday':
      return card.holiday_name ? `Holiday: ${card.holiday_name}` : 'No session';
    case 'off':
      return 'Capture is off';
    default:
      return '';
  }
}

/** At zero until the server has said so: the page does not guess that it happened. */
function opensWords(leftMs: number): string {
  return leftMs > 0 ? `opens in ${formatCountdown(leftMs)}` : 'opening now';
}

/** Time of day of the open on the market's clocks: "09:30"; empty where it has no session. */
export function openTime({ opens_at, timezone }: Pick<Card, 'opens_at' | 'timezone'>): string {
  return opens_at === null ? '' : timeIn(timezone, Date.parse(opens_at)).slice(0, 5);
}

/** Its hours on its own clocks: "09:30 to 16:00 local"; empty where it has no session. */
export function hoursWords(card: Pick<Card, 'opens_at' | 'closes_at' | 'timezone'>): string {
  const { closes_at, timezone } = card;
  if (closes_at === null) return openTime(card);
  return `${openTime(card)} to ${timeIn(timezone, Date.parse(closes_at)).slice(0, 5)} local`;
}

/** What is special about a capture: that it came late, or that a person asked for it; null of an ordinary one. */
export function captureNote({ capture_kind, captured_at, opened_at }: SessionRow): string | null {
  const after = formatSpan((Date.parse(captured_at) - Date.parse(opened_at)) / 1000);
  if (capture_kind === 'LATE') return `captured late, ${after} after the open`;
  return capture_kind === 'MANUAL' ? `captured by hand, ${after} after the open` : null;
}

/** A date of the API ("2025-10-09") in words: "Thursday, 9 October 2025". */
export function dateWords(date: string): string {
  return LONG.format(Date.parse(`${date}T00:00:00Z`));
}

const LONG = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'UTC',
  weekday: 'long',
  day: 'numeric',
  month: 'long',
  year: 'numeric',
});
