/** Words for how a market stands. */

import type { MarketPhase, MarketStatus } from '@/api/markets';
import type { MarketRow } from '@/live/markets';
import { formatCountdown, instantIn } from '@/shared/clockText';

export const STATUS_WORDS: Readonly<Record<MarketStatus, string>> = {
  OPEN: 'Open',
  CLOSED: 'Closed',
  UNKNOWN: 'Unknown',
};

const PHASE_WORDS: Readonly<Record<MarketPhase, string>> = {
  OPEN: '',
  CLOSED: '',
  PRE_MARKET: 'pre-market',
  POST_MARKET: 'after hours',
  BREAK: 'break',
  UNKNOWN: '',
};

/** The phase where it says more than the status does, else empty. */
export function phaseWord({ phase }: Pick<MarketRow, 'phase'>): string {
  return PHASE_WORDS[phase];
}

export interface NextWords {
  /** "closes in 02:13:05". */
  readonly countdown: string;
  /** When, on the market's own clocks: "at 16:00"; in a break when that ends: "resumes at 12:30". */
  readonly at: string;
}

type Turning = Pick<MarketRow, 'next_transition_at' | 'next_transition_type' | 'resumes_at' | 'timezone'>;

const VERBS = { OPEN: ['opens', 'opening'], CLOSE: ['closes', 'closing'] } as const;

/** The next transition as seen from `presentMs`; null where the calendar does not know one. */
export function nextWords(market: Turning, presentMs: number): NextWords | null {
  const { next_transition_at: next, next_transition_type: kind, resumes_at: resumes, timezone } = market;
  if (next === null || kind === null) return null;
  const nextMs = Date.parse(next);
  const [verb, now] = VERBS[kind];
  const left = nextMs - presentMs;
  const resumesMs = resumes === null ? nextMs : Date.parse(resumes);
  const clock = instantIn(timezone, resumesMs, presentMs);
  return {
    // At zero until the server has said so: the page does not guess that it happened.
    countdown: left > 0 ? `${verb} in ${formatCountdown(left)}` : `${now} now`,
    at: resumesMs === nextMs ? `at ${clock}` : `resumes at ${clock}`,
  };
}

export interface Note {
  readonly text: string;
  /** Worth a look: not the weekend of every week. */
  readonly isSpecial: boolean;
}

type Noted = Pick<MarketRow, 'status' | 'holiday_name' | 'is_holiday' | 'is_early_close' | 'is_weekend'>;

/** What is to be said of the market's day: "Thanksgiving Day, early close", "weekend"; null on an ordinary one. */
export function noteOf(market: Noted): Note | null {
  const notes = market.status === 'UNKNOWN' ? ['no calendar'] : specialNotes(market);
  if (notes.length > 0) return { text: notes.join(', '), isSpecial: true };
  return market.is_weekend && market.status === 'CLOSED' ? { text: 'weekend', isSpecial: false } : null;
}

function specialNotes({ holiday_name, is_holiday, is_early_close }: Noted): string[] {
  const day = holiday_name || (is_holiday ? 'holiday' : '');
  return [day, is_early_close ? 'early close' : ''].filter((note) => note !== '');
}
