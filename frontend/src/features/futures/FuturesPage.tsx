import type { BoardSearch, OnBoardSearch } from './boardSearch';
import { FuturesBoard } from './FuturesBoard';
import classes from './futures.module.css';

interface FuturesPageProps {
  search: BoardSearch;
  onSearch: OnBoardSearch;
}

/** Future Trading: the board as a page of its own. */
export function FuturesPage(props: FuturesPageProps) {
  return (
    <main className={classes.page}>
      <FuturesBoard heading="h1" {...props} />
    </main>
  );
}
