/** Why a row ended as it did, in sentences. */

import type { SessionRow } from '@/api/marketOpen';
import { timeIn } from '@/shared/clockText';
import { reasonTitle } from '@/shared/signals';
import { formatPrice, formatSpan, formatUsd } from '../shared/words';

/** Time of day in a zone with all of its digits: "09:33:12.345678". */
export function exactTime(zone: string, iso: string): string {
  const fraction = /\.(\d+)/.exec(iso)?.[1]?.replace(/0+$/, '') ?? '';
  const time = timeIn(zone, Date.parse(iso));
  return fraction === '' ? time : `${time}.${fraction}`;
}

/** What happened, how sure that is, and what the window was; each a sentence or two. */
export function whyWords(row: SessionRow, precision: number, zone: string): readonly string[] {
  if (row.entry_side === null) return [noEntry(row)];
  const window = windowWords(row, zone);
  switch (row.wndw) {
    case 'WORKED':
    case 'DIDNT_WORK':
      return [touched(row, precision, zone), sureness(row), window];
    case 'EXPIRED':
      return [expired(row, precision), sureness(row), window];
    case 'PENDING':
      return ['Still running: neither level was touched yet.', window];
    default:
      return [`${sentence(row.resolution_reason)} Without a price nobody can say what became of it.`, window];
  }
}

const sentence = (words: string): string => `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;

function noEntry(row: SessionRow): string {
  if (row.bhs === null) return `No signal, and so no trade. ${reasonTitle(row.reason)}.`;
  const whose = row.symbol === row.traded_symbol ? 'its signal' : 'the composite';
  if (row.bhs === 'HOLD' && row.reason === 'HOLD') return `No trade: ${whose} was Hold, which enters nothing.`;
  return row.reason === '' ? 'No trade was entered.' : `No trade: ${row.reason}.`;
}

/** What is compared: the price at which the trade could be closed. */
function pricedBy(row: SessionRow): string {
  if (row.grading_price === 'last') return 'last price';
  return row.grading_price === 'bid' || row.entry_side === 'BUY' ? 'bid' : 'ask';
}

function touched(row: SessionRow, precision: number, zone: string): string {
  const price = (value: number | null) => formatPrice(value, precision);
  const level = row.target_hit_type === 'STOP' ? 'stop' : 'target';
  const when = row.target_hit_at ? exactTime(zone, row.target_hit_at) : 'an unknown time';
  const [did, undo] = row.entry_side === 'BUY' ? ['bought', 'sold'] : ['sold', 'bought back'];
  const seen =
    row.resolution_price === row.target_hit_price
      ? 'exactly there'
      : `at ${price(row.resolution_price)}, past the level`;
  const both = row.resolution_reason.startsWith('both')
    ? ' One observation covered both levels, and then the stop counts.'
    : '';
  return (
    `The ${pricedBy(row)} of ${row.traded_symbol} touched the ${level} ${price(row.target_hit_price)} first, at ${when}, ` +
    `${formatSpan(row.elapsed_sec)} after the capture; it was seen ${seen}. One contract ${did} at ` +
    `${price(row.entry_price)} and ${undo} at the ${level} makes ${formatUsd(row.pnl_usd)}.${both}`
  );
}

function expired(row: SessionRow, precision: number): string {
  return (
    `The window ended and the ${pricedBy(row)} of ${row.traded_symbol} had touched neither level: it counts $0.00. ` +
    `Closed at its last price ${formatPrice(row.resolution_price, precision)} it would have made ` +
    `${formatUsd(row.mark_to_market_usd)}, which is kept as information only.`
  );
}

function sureness({ resolution_quality, wndw, observations }: SessionRow): string {
  const graded = observations === null ? '' : ` It was graded on ${observations.toLocaleString('en-US')} quotes.`;
  if (resolution_quality === 'gap') {
    const where = wndw === 'EXPIRED' ? 'in the window' : 'directly before the touch';
    return `How sure: gap. More than 5 s without a quote lay ${where}; what happened in that silence is not known.${graded}`;
  }
  if (resolution_quality === 'bar_only')
    return 'How sure: bars only. Where both levels lay in one bar, the stop counts.';
  return `How sure: exact. No silence of more than 5 s lay ${wndw === 'EXPIRED' ? 'in the window' : 'directly before the touch'}.${graded}`;
}

function windowWords(row: SessionRow, zone: string): string {
  const span = formatSpan(row.evaluation_window_sec);
  return `The window was ${span} from the open, up to ${exactTime(zone, row.window_ends_at)}; quotes after the capture count.`;
}
