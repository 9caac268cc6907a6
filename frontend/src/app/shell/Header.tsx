import { Link, useLocation } from '@tanstack/react-router';
import { ConnectionState } from '@/features/connection/ConnectionState';
import { Latency } from '@/features/connection/Latency';
import { SourceBadges } from '@/features/connection/SourceBadges';
import { MarketStatus } from '@/features/markets/MarketStatus';
import { BoltIcon, BookIcon } from '@/shared/icons';
import classes from './shell.module.css';
import { ThemeToggle } from './ThemeToggle';
import { useMarketChoice } from './useMarketChoice';

/** Name, pages, and what the user must always know: the chosen market, source, latency, connection. */
export function Header() {
  const [chosen, choose] = useMarketChoice();
  return (
    <div className={classes.bar}>
      <Link to="/" className={classes.brand} aria-label="Thor, to the first page">
        <BoltIcon />
        <span className={classes.brandName}>Thor</span>
      </Link>
      <nav aria-label="Pages" className={classes.nav}>
        <Link
          to="/"
          className={classes.page}
          activeOptions={{ exact: true, includeSearch: false }}
          activeProps={{ 'aria-current': 'page' }}
          title="Home: press g, then h"
        >
          Home
        </Link>
        <Link
          to="/futures"
          className={classes.page}
          activeOptions={{ exact: true, includeSearch: false }}
          activeProps={{ 'aria-current': 'page' }}
          title="Future Trading: press g, then f"
        >
          <span className={classes.wide}>Future Trading</span>
          <span className={classes.narrow}>Futures</span>
        </Link>
        <OpensLink />
        <ResearchLink />
      </nav>
      <div className={classes.market}>
        <MarketStatus chosen={chosen} onChoose={choose} />
      </div>
      <div className={classes.status}>
        <SourceBadges />
        <Latency />
        <ConnectionState />
        <a className={classes.docs} href="/api/docs" title="API documentation" aria-label="API documentation">
          <BookIcon />
        </a>
        <ThemeToggle />
      </div>
    </div>
  );
}

/** Pages of market opens: their tabs lead from one to another. */
const OPENS = /^\/futures\/(market-open|analytics)/;

function OpensLink() {
  const { pathname } = useLocation();
  return (
    <Link
      to="/futures/market-open/today"
      className={classes.page}
      activeProps={{}}
      aria-current={OPENS.test(pathname) ? 'page' : undefined}
      title="Market opens: press g, then t"
    >
      <span className={classes.wide}>Market Opens</span>
      <span className={classes.narrow}>Opens</span>
    </Link>
  );
}

function ResearchLink() {
  const { pathname } = useLocation();
  return (
    <Link
      to="/research/chart"
      className={classes.page}
      activeProps={{}}
      aria-current={pathname.startsWith('/research/') ? 'page' : undefined}
      title="Research: press g, then c"
    >
      <span className={classes.wide}>Research</span>
      <span className={classes.narrow}>Charts</span>
    </Link>
  );
}
