import type { SessionRow } from '@/api/marketOpen';
import { useEverySecond } from '@/live/hooks';
import { formatCountdown } from '@/shared/clockText';
import { UNKNOWN } from '@/shared/format';
import { Money } from './Money';
import { placeOf, type Trade, tradeOf, windowLeft } from './trade';
import classes from './trade.module.css';
import { usePrecision } from './useInstruments';
import { useLiveTrade } from './useLiveTrade';
import { formatPrice, formatUsd } from './words';

/** A row's trade: side, entry and spread, the levels with the price between them, and while it runs what is left. */
export function TradeView({ row }: { row: SessionRow }) {
  const precision = usePrecision()(row.traded_symbol);
  const trade = tradeOf(row);
  if (!trade) {
    return (
      <p className={classes.none} data-testid={`no-entry-${row.session_id}`}>
        No entry{row.reason && `: ${noEntryWords(row)}`}
      </p>
    );
  }
  const spread = row.exit_price_at_entry === null ? null : Math.abs(trade.entry - row.exit_price_at_entry);
  return (
    <div className={classes.trade} data-testid={`trade-${row.session_id}`}>
      <p className={classes.entry}>
        <strong className={classes.side} data-side={trade.side}>
          {trade.side === 'BUY' ? 'Buy' : 'Sell'} {trade.symbol}
        </strong>{' '}
        at <strong>{formatPrice(trade.entry, precision)}</strong>
        <span className={classes.quiet} title="Between the entry and what closing at once would have got">
          spread {formatPrice(spread, precision)}
        </span>
      </p>
      {row.wndw === 'PENDING' ? (
        <Running row={row} trade={trade} precision={precision} />
      ) : (
        <Scale
          trade={trade}
          precision={precision}
          price={row.resolution_price}
          words={
            row.resolution_price === null ? 'no price' : `ended at ${formatPrice(row.resolution_price, precision)}`
          }
        />
      )}
    </div>
  );
}

/** "HOLD" alone is a fact of the signal, not a sentence. */
function noEntryWords({ reason, symbol, traded_symbol }: SessionRow): string {
  if (reason !== 'HOLD') return reason;
  return symbol === traded_symbol ? 'its signal is Hold' : 'the composite is Hold';
}

interface RunningProps {
  row: SessionRow;
  trade: Trade;
  precision: number;
}

/** A pending trade: its price moves with the quotes, its window with the clock. */
function Running({ row, trade, precision }: RunningProps) {
  const live = useLiveTrade(trade, row.grading_price);
  const words = live ? `${formatPrice(live.price, precision)} now, ${formatUsd(live.usd)}` : 'no quote yet';
  return (
    <>
      <Scale
        trade={trade}
        precision={precision}
        price={live?.price ?? null}
        words={words}
        isOld={live?.doubt != null}
      />
      <p className={classes.now}>
        <span className={classes.live} data-old={live?.doubt != null || undefined}>
          {live ? <Money usd={live.usd} testId={`live-pnl-${row.session_id}`} /> : UNKNOWN}
        </span>
        <span className={classes.quiet}>
          {live ? `${trade.side === 'BUY' ? 'bid' : 'ask'} ${formatPrice(live.price, precision)}` : 'no quote yet'}
          {live?.doubt && ` (${live.doubt})`}
        </span>
        <WindowLeft row={row} />
      </p>
    </>
  );
}

interface ScaleProps {
  trade: Trade;
  precision: number;
  price: number | null;
  /** Where the price is, for those who do not see it. */
  words: string;
  isOld?: boolean;
}

/** From the stop on the left to the target on the right, the entry between them, and the price as a marker. */
function Scale({ trade, precision, price, words, isOld = false }: ScaleProps) {
  const { stop, target, entry } = trade;
  return (
    <div className={classes.scale}>
      <div
        className={classes.track}
        role="img"
        aria-label={`Stop ${formatPrice(stop, precision)}, entry ${formatPrice(entry, precision)}, target ${formatPrice(target, precision)}; ${words}`}
      >
        <span
          className={classes.line}
          style={{ '--entry': `${placeOf(trade, entry) * 100}%` } as React.CSSProperties}
        />
        <span className={classes.mark} style={at(placeOf(trade, entry))} />
        {price !== null && (
          <span className={classes.price} style={at(placeOf(trade, price))} data-old={isOld || undefined} />
        )}
      </div>
      <span className={classes.ends} aria-hidden="true">
        <span>stop {formatPrice(stop, precision)}</span>
        <span>target {formatPrice(target, precision)}</span>
      </span>
    </div>
  );
}

function at(place: number) {
  return { transform: `translateX(${(place * 100).toFixed(2)}%)` };
}

/** What is left of the window, as a bar and in words. */
function WindowLeft({ row }: { row: SessionRow }) {
  const words = useEverySecond((_, present) => leftWords(row, present));
  const percent = useEverySecond((_, present) => Math.round(windowLeft(row, present) * 1000) / 10);
  return (
    <span className={classes.window} data-testid={`window-${row.session_id}`}>
      <span className={classes.quiet}>{words}</span>
      <svg className={classes.gauge} viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
        <rect width={percent} height="1" />
      </svg>
    </span>
  );
}

function leftWords(row: SessionRow, presentMs: number): string {
  const leftMs = Date.parse(row.window_ends_at) - presentMs;
  return leftMs > 0 ? `${formatCountdown(leftMs).replace(/^00:/, '')} left` : 'window over, being graded';
}
