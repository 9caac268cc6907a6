import type { PathAnswer } from '@/api/marketOpen';
import { UNKNOWN } from '@/shared/format';
import table from '@/shared/table.module.css';
import { formatPrice } from '../shared/words';
import classes from './session.module.css';
import { exactTime } from './why';

interface QuotesAroundProps {
  path: PathAnswer;
  precision: number;
  zone: string;
}

/** The quotes before and after the one that decided, as they were stored. */
export function QuotesAround({ path, precision, zone }: QuotesAroundProps) {
  if (path.quotes.length === 0) return null;
  const price = (value: number | null) => formatPrice(value, precision);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
    <section className={classes.scroll} tabIndex={0} aria-label="Quotes around the deciding one">
      <table className={`${table.table} ${classes.quotes}`} data-testid="deciding-quotes">
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Bid</th>
            <th scope="col">Ask</th>
            <th scope="col">Last</th>
            <th scope="col">Source</th>
            <th scope="col" title="Number of the quote at its source">
              Seq
            </th>
            <th scope="col">Stream id</th>
          </tr>
        </thead>
        <tbody>
          {path.quotes.map((quote) => (
            <tr
              key={`${quote.ts} ${quote.source} ${quote.seq}`}
              data-deciding={quote.is_deciding || undefined}
              data-testid={quote.is_deciding ? 'deciding-quote' : undefined}
            >
              <th scope="row">
                {quote.is_deciding && <strong>decided </strong>}
                {exactTime(zone, quote.ts)}
              </th>
              <td>{price(quote.bid)}</td>
              <td>{price(quote.ask)}</td>
              <td>{price(quote.last)}</td>
              <td>{quote.source}</td>
              <td>{quote.seq ?? UNKNOWN}</td>
              <td>{quote.stream_id || UNKNOWN}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
