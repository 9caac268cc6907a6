import { Link } from '@tanstack/react-router';
import { ConnectionState } from '@/features/connection/ConnectionState';
import { Latency } from '@/features/connection/Latency';
import { SourceBadges } from '@/features/connection/SourceBadges';
import { BoltIcon, BookIcon } from '@/shared/icons';
import classes from './shell.module.css';
import { ThemeToggle } from './ThemeToggle';

/** Name, pages, and what the user must always know: source, latency, connection. */
export function Header() {
  return (
    <div className={classes.bar}>
      <Link to="/futures" className={classes.brand} aria-label="Thor, to the first page">
        <BoltIcon />
        <span className={classes.brandName}>Thor</span>
      </Link>
      <nav aria-label="Pages" className={classes.nav}>
        <Link to="/futures" className={classes.page} activeProps={{ 'aria-current': 'page' }}>
          <span className={classes.wide}>Future Trading</span>
          <span className={classes.narrow}>Futures</span>
        </Link>
      </nav>
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
