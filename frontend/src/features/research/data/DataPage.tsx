import { VisuallyHidden } from '@mantine/core';
import { isReplay, ReplayNote } from '../ReplayNote';
import { Coverage } from './Coverage';
import { DayPanel } from './DayPanel';
import classes from './data.module.css';
import type { DataSearch, OnDataSearch } from './dataSearch';
import { Runs } from './Runs';

interface DataPageProps {
  search: DataSearch;
  onSearch: OnDataSearch;
}

/** What data there is, how good it is, and the work on it. */
export function DataPage({ search, onSearch }: DataPageProps) {
  return (
    <main className={classes.page}>
      <VisuallyHidden component="h1">Data</VisuallyHidden>
      {isReplay() ? (
        <ReplayNote what="Its ticks stay in its own tables; go back to live to see what there is." />
      ) : (
        <>
          <Coverage search={search} onSearch={onSearch} />
          <div className={classes.below}>
            <DayPanel symbol={search.symbol} date={search.date} />
            <Runs date={search.date} />
          </div>
        </>
      )}
    </main>
  );
}
