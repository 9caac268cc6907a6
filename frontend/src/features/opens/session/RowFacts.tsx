import type { SessionRow } from '@/api/marketOpen';
import { formatCount, formatPercent, UNKNOWN } from '@/shared/format';
import { SIGNAL_WORDS, type Signal } from '@/shared/signals';
import { formatMove, formatPrice, formatSpan } from '../shared/words';
import classes from './session.module.css';

type Fact = readonly [name: string, value: string];

/** What was read of the instrument at the capture, and how its market session went since. */
export function RowFacts({ row, precision }: { row: SessionRow; precision: number }) {
  const isTotal = row.symbol !== row.traded_symbol;
  const facts = isTotal ? totalFacts(row) : [...captureFacts(row, precision), ...sessionFacts(row, precision)];
  return (
    <section className={classes.section} aria-labelledby="facts">
      <h2 id="facts">{row.symbol} at the capture</h2>
      <dl className={classes.facts} data-testid="row-facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

const pct = (value: number | null): string => (value === null ? UNKNOWN : formatPercent(value));

function captureFacts(row: SessionRow, precision: number): readonly Fact[] {
  const price = (value: number | null) => formatPrice(value, precision);
  const sized = (value: number | null, size: number | null) => `${price(value)} x ${formatCount(size)}`;
  const between = (low: number | null, high: number | null) => `${price(low)} to ${price(high)}`;
  const { quote } = row;
  const age = quote?.age_ms === null || quote === null ? '' : `, ${formatSpan(quote.age_ms / 1000)} old`;
  return [
    ['Bid x size', sized(row.bid_price, row.bid_size)],
    ['Ask x size', sized(row.ask_price, row.ask_size)],
    ['Last', price(row.last_price)],
    ['Spread', price(row.spread)],
    ['Volume', formatCount(row.volume)],
    [`Change${row.baseline_from && ` from ${row.baseline_from}`}`, formatMove(row.net_change, precision)],
    ['Previous close', price(row.prev_close_24h)],
    ['Day opened', `${price(row.open_price_24h)} (${pct(row.open_prev_pct_24h)})`],
    ['Day range', between(row.low_24h, row.high_24h)],
    ['52 weeks', between(row.low_52w, row.high_52w)],
    ['Above 52-week low', pct(row.low_pct_52w)],
    ['Below 52-week high', pct(row.high_pct_52w)],
    ['Quote', quote ? `${quote.source} ${quote.seq ?? ''}${age}` : UNKNOWN],
    ['Stream id', quote?.stream_id || UNKNOWN],
  ];
}

/** Of the market's session from the open on. */
function sessionFacts(row: SessionRow, precision: number): readonly Fact[] {
  const price = (value: number | null) => formatPrice(value, precision);
  if (row.market_high_open === null) return [];
  return [
    ['High since the open', `${price(row.market_high_open)} (${pct(row.market_high_pct_open)})`],
    ['Low since the open', price(row.market_low_open)],
    ['Market’s close', `${price(row.market_close)} (${pct(row.market_close_vs_open_pct)})`],
    ['Session range', price(row.market_range)],
    ['Session volume', formatCount(row.session_volume)],
  ];
}

function totalFacts(row: SessionRow): readonly Fact[] {
  return [
    ['Weighted average', row.weighted_average?.toFixed(3) ?? UNKNOWN],
    ['Weighted sum', row.sum_weighted === null ? UNKNOWN : String(row.sum_weighted)],
    ['Instruments counted', formatCount(row.instrument_count)],
    ...countFacts(row),
  ];
}

/** How the earlier sessions of the same signal had ended, as it stood at the capture. */
function countFacts({ signal_counts: counts, bhs }: SessionRow): readonly Fact[] {
  const own = bhs && (counts as Readonly<Record<string, Readonly<Record<string, unknown>>>>)[bhs];
  if (!own || !bhs) return [];
  const { worked, didnt_work } = own;
  return [[`${SIGNAL_WORDS[bhs as Signal].word} until then`, `${Number(worked)} worked, ${Number(didnt_work)} didn’t`]];
}
