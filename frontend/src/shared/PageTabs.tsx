import { Link, type LinkProps } from '@tanstack/react-router';
import classes from './tabs.module.css';

interface PageTabsProps {
  /** What the pages have in common. */
  label: string;
  /** Address, word, and the letter after "g" that leads there. */
  pages: readonly (readonly [to: NonNullable<LinkProps['to']>, word: string, key: string])[];
}

/** From one page to another of the same kind. */
export function PageTabs({ label, pages }: PageTabsProps) {
  return (
    <nav className={classes.tabs} aria-label={label}>
      {pages.map(([to, word, key]) => (
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
