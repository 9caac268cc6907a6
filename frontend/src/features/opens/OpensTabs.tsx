import { Link } from '@tanstack/react-router';
import classes from './opens.module.css';

const PAGES = [
  ['/futures/market-open/today', 'Today', 't'],
  ['/futures/market-open/history', 'History', 'o'],
  ['/futures/analytics', 'Analytics', 'a'],
] as const;

/** From one page of market opens to another. */
export function OpensTabs() {
  return (
    <nav className={classes.tabs} aria-label="Market opens">
      {PAGES.map(([to, word, key]) => (
        <Link
          key={to}
          to={to}
          className={classes.tab}
          activeOptions={{ exact: true, includeSearch: false }}
          activeProps={{ 'aria-current': 'page' }}
          title={`${word}: press g, then ${key}`}
        >
          {word}
        </Link>
      ))}
    </nav>
  );
}
