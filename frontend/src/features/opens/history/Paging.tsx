import { formatCount } from '@/shared/format';
import classes from './history.module.css';
import { PAGE_SIZES, rowsOfPage } from './historySearch';

interface PagingProps {
  page: number;
  /** The page that is seen: another than `page` while that is on its way. */
  seen: number;
  pages: number;
  size: number;
  total: number;
  onPage: (page: number) => void;
  /** Absent: the size cannot be chosen here. */
  onSize?: (size: number) => void;
}

/** Which rows are seen, and the ways to the others. */
export function Paging({ page, seen, pages, size, total, onPage, onSize }: PagingProps) {
  const [first, last] = rowsOfPage(seen, size, total);
  const steps: readonly (readonly [name: string, sign: string, to: number, title?: string])[] = [
    ['First page', '«', 1],
    ['Previous page', '‹', page - 1, 'Press ['],
    ['Next page', '›', page + 1, 'Press ]'],
    ['Last page', '»', pages],
  ];
  return (
    <nav
      className={classes.paging}
      aria-label={onSize ? 'Sessions by page' : 'Sessions by page, below'}
      data-testid={onSize ? 'paging' : undefined}
    >
      <span className={classes.quiet}>
        {formatCount(first)} to {formatCount(last)} of {formatCount(total)}
      </span>
      {steps.map(([name, sign, to, title]) => (
        <button
          key={name}
          type="button"
          className={classes.button}
          aria-label={name}
          title={title}
          disabled={to < 1 || to > pages || to === page}
          onClick={() => onPage(to)}
        >
          {sign}
        </button>
      ))}
      <span className={classes.quiet}>
        page {formatCount(seen)} of {formatCount(pages)}
      </span>
      {onSize && (
        <select
          aria-label="Rows of a page"
          value={size}
          onChange={(event) => onSize(Number(event.currentTarget.value))}
        >
          {PAGE_SIZES.map((each) => (
            <option key={each} value={each}>
              {each} rows
            </option>
          ))}
        </select>
      )}
    </nav>
  );
}
