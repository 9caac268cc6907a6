import { lazy, Suspense, useState } from 'react';
import type { BoardSearch, OnBoardSearch } from './boardSearch';
import { FuturesBoard } from './FuturesBoard';
import classes from './futures.module.css';

const InstrumentPanel = lazy(() => import('./panel/InstrumentPanel'));

interface FuturesPageProps {
  search: BoardSearch;
  onSearch: OnBoardSearch;
}

/** Future Trading: the board as a page of its own, and beside it the panel of the instrument that is open. */
export function FuturesPage({ search, onSearch }: FuturesPageProps) {
  const [order, setOrder] = useState<readonly string[]>([]);
  return (
    <div className={classes.split}>
      <main className={classes.page}>
        <FuturesBoard heading="h1" defaultView="table" search={search} onSearch={onSearch} onOrder={setOrder} />
      </main>
      {search.symbol && (
        <Suspense fallback={<div className={classes.panelSpace} />}>
          <InstrumentPanel symbol={search.symbol} order={order} search={search} onSearch={onSearch} />
        </Suspense>
      )}
    </div>
  );
}
