import type { AuditLine, SessionRow } from '@/api/marketOpen';
import { UNKNOWN } from '@/shared/format';
import { SignalMark } from '@/shared/SignalMark';
import table from '@/shared/table.module.css';
import { Money } from './Money';
import { OutcomeBadge, QualityMark } from './OutcomeBadge';
import classes from './rows.module.css';
import { usePrecision } from './useInstruments';
import { formatMove, formatPrice, formatSpan, formatWeight } from './words';

interface SessionTableProps {
  rows: readonly SessionRow[];
  /** Whose rows these are, for those who do not see it. */
  label: string;
  /** The row that is looked at, where one can be chosen. */
  chosen?: string;
  onChoose?: (symbol: string) => void;
  /** The session's records: with them each row says its contribution, its reason and its records. */
  audit?: readonly AuditLine[];
}

/** The rows of a session: what each instrument said, its own theoretical trade, and what became of it. */
export function SessionTable({ rows, label, chosen, onChoose, audit }: SessionTableProps) {
  return (
    // Scrolls sideways where it is narrow, by keyboard too.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable
    <section className={classes.scroll} aria-label={`Rows of ${label}`} tabIndex={0}>
      <table
        className={`${table.table} ${classes.table}`}
        data-full={audit !== undefined || undefined}
        data-testid="session-rows"
      >
        <thead>
          <tr>
            <th scope="col">Instrument</th>
            <th scope="col">Signal</th>
            <th scope="col" data-align="right" title="Its share in the sum of signal weights">
              Weight
            </th>
            <th scope="col" data-align="right" title="Last price at the capture">
              Last
            </th>
            <th scope="col" data-align="right" title="Last less the baseline">
              Change
            </th>
            <th scope="col">Entry</th>
            <th scope="col" data-align="right">
              Target
            </th>
            <th scope="col" data-align="right">
              Stop
            </th>
            <th scope="col">Outcome</th>
            <th scope="col" data-align="right" title="Of one contract">
              P&amp;L
            </th>
            <th scope="col" data-align="right" title="From the capture to the end">
              After
            </th>
            {audit && <FullHead />}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row key={row.symbol} row={row} isChosen={row.symbol === chosen} onChoose={onChoose} audit={audit} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

interface RowProps {
  row: SessionRow;
  isChosen: boolean;
  onChoose: ((symbol: string) => void) | undefined;
  audit: readonly AuditLine[] | undefined;
}

function Row({ row, isChosen, onChoose, audit }: RowProps) {
  const { symbol, bhs, weight, reason } = row;
  const precision = usePrecision()(row.traded_symbol);
  const price = (value: number | null) => formatPrice(value, precision);
  const isTotal = symbol !== row.traded_symbol;
  return (
    <tr data-testid={`session-row-${symbol}`} data-total={isTotal || undefined} data-chosen={isChosen || undefined}>
      <th scope="row">
        {onChoose ? (
          <button type="button" aria-pressed={isChosen} title={`Path of ${symbol}`} onClick={() => onChoose(symbol)}>
            {symbol}
          </button>
        ) : (
          symbol
        )}
      </th>
      <td>
        <SignalMark signal={bhs} reason={bhs === null ? reason : null} testId={`session-signal-${symbol}`} />
      </td>
      <td data-align="right">{formatWeight(weight)}</td>
      <td data-align="right">{isTotal ? UNKNOWN : <LastPrice row={row} precision={precision} />}</td>
      <td data-align="right">{isTotal ? UNKNOWN : formatMove(row.net_change, precision)}</td>
      <td>
        {row.entry_side ? (
          <>
            <span className={classes.side} data-side={row.entry_side}>
              {row.entry_side === 'BUY' ? 'Buy' : 'Sell'}
            </span>{' '}
            {isTotal && `${row.traded_symbol} `}
            {price(row.entry_price)}
          </>
        ) : (
          <span className={classes.quiet} title={reason || undefined}>
            none
          </span>
        )}
      </td>
      <td data-align="right">{price(row.target)}</td>
      <td data-align="right">{price(row.stop)}</td>
      <td>
        <OutcomeBadge outcome={row.wndw} testId={`session-outcome-${symbol}`} />{' '}
        <QualityMark quality={row.resolution_quality} />
      </td>
      <td data-align="right">
        <Money usd={row.pnl_usd} />
      </td>
      <td data-align="right">{row.entry_side ? formatSpan(row.elapsed_sec) : UNKNOWN}</td>
      {audit && <FullCells row={row} audit={audit} />}
    </tr>
  );
}

/** The last price; of a quote that was too old for a signal with its age. */
function LastPrice({ row, precision }: { row: SessionRow; precision: number }) {
  const words = formatPrice(row.last_price, precision);
  const ageMs = row.quote?.age_ms;
  if (row.bhs !== null || ageMs === null || ageMs === undefined) return words;
  return (
    <span className={classes.quiet} title={`The quote was ${formatSpan(ageMs / 1000)} old`}>
      {words}
    </span>
  );
}

function FullHead() {
  return (
    <>
      <th scope="col" data-align="right" title="Stat value times contract weight">
        Weighted
      </th>
      <th scope="col">Reason</th>
      <th scope="col">Records</th>
    </>
  );
}

function FullCells({ row, audit }: { row: SessionRow; audit: readonly AuditLine[] }) {
  const records = audit.filter(({ symbol }) => symbol === row.symbol || symbol === '');
  return (
    <>
      <td data-align="right">{weightedWords(row)}</td>
      <td className={classes.reason}>{row.reason || row.resolution_reason || UNKNOWN}</td>
      <td title={records.map(({ number, kind, hash }) => `${number} ${kind} ${hash}`).join('\n')}>
        {records.map(({ number }) => number).join(', ') || UNKNOWN}
      </td>
    </>
  );
}

/** What the row adds to TOTAL's weighted sum; of TOTAL the sum. */
function weightedWords({ stat_value, contract_weight, sum_weighted }: SessionRow): string {
  const weighted = stat_value === null || contract_weight === null ? sum_weighted : stat_value * contract_weight;
  return weighted === null ? UNKNOWN : String(Number(weighted.toFixed(6)));
}
