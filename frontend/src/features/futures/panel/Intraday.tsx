import { useQuery } from '@tanstack/react-query';
import type { MetricAnswer } from '@/api/board';
import { formatMicros, type Micros, subtract, toMicros } from '@/shared/decimal';
import { formatCount, UNKNOWN } from '@/shared/format';
import { ProblemAlert } from '@/shared/ProblemAlert';
import table from '@/shared/table.module.css';
import classes from './panel.module.css';
import { intradayQuery } from './reads';

interface IntradayProps {
  symbol: string;
  precision: number;
}

/** How the instrument went in the newest session of each market, since that market's open. */
export function Intraday({ symbol, precision }: IntradayProps) {
  const { data, error, refetch, isFetching } = useQuery(intradayQuery(symbol));
  return (
    <section className={classes.section} aria-label="By market">
      <h3>By market</h3>
      {error && !data && (
        <ProblemAlert
          what="The markets’ figures could not be loaded"
          error={error}
          onRetry={() => void refetch()}
          retrying={isFetching}
        />
      )}
      {!error && !data && <p className={classes.quiet}>Loading…</p>}
      {data?.length === 0 && <p className={classes.quiet}>No market has opened since this instrument is quoted.</p>}
      {data && data.length > 0 && <Rows rows={data} precision={precision} />}
    </section>
  );
}

function Rows({ rows, precision }: { rows: readonly MetricAnswer[]; precision: number }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
    <section className={classes.scroll} tabIndex={0} aria-label="Figures by market">
      <table className={`${table.table} ${classes.intraday}`} data-testid="panel-intraday">
        <thead>
          <tr>
            <th scope="col">Market</th>
            <th scope="col">Open</th>
            <th scope="col">High</th>
            <th scope="col">Low</th>
            <th scope="col">Range</th>
            <th scope="col" title="Only known once the market has closed">
              Close
            </th>
            <th scope="col" title="Contracts from open to close">
              Volume
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row key={row.market} row={row} precision={precision} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Row({ row, precision }: { row: MetricAnswer; precision: number }) {
  const points = (micros: Micros | null) => (micros === null ? UNKNOWN : formatMicros(micros, precision));
  const price = (value: number | null) => points(toMicros(value));
  const percent = (value: number | null) => (value === null ? UNKNOWN : `${value.toFixed(4)}%`);
  return (
    <tr data-testid={`intraday-${row.market}`}>
      <th scope="row">
        {row.market.replaceAll('_', ' ')}
        <small>{row.closed_at === null ? `${row.trade_date}, open` : row.trade_date}</small>
      </th>
      <td>{price(row.market_open)}</td>
      <td>
        {price(row.market_high_open)}
        <small title="Highest above the open">{percent(row.market_high_pct_open)}</small>
      </td>
      <td>
        {price(row.market_low_open)}
        <small title="Last above the low">{percent(row.market_low_pct_open)}</small>
      </td>
      <td>
        {points(subtract(toMicros(row.market_high_open), toMicros(row.market_low_open)))}
        <small title="Range against the open">{percent(row.market_range_pct)}</small>
      </td>
      <td>
        {price(row.market_close)}
        <small title="Close against the open">{percent(row.market_close_vs_open_pct)}</small>
      </td>
      <td>{formatCount(row.session_volume)}</td>
    </tr>
  );
}
