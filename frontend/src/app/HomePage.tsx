import { VisuallyHidden } from '@mantine/core';
import type { BoardSearch, OnBoardSearch } from '@/features/futures/boardSearch';
import { FuturesBoard } from '@/features/futures/FuturesBoard';
import { WorldClock } from '@/features/markets/WorldClock';
import { TodayBrief } from '@/features/opens/TodayBrief';
import { ReplayList } from '@/features/replays/ReplayList';
import classes from './home.module.css';
import { useMarketChoice } from './shell/useMarketChoice';

interface HomePageProps {
  search: BoardSearch;
  onSearch: OnBoardSearch;
}

/** Home: which markets are open on the left, the futures on the right; one above the other where it is narrow. */
export function HomePage({ search, onSearch }: HomePageProps) {
  const [chosen, choose] = useMarketChoice();
  return (
    <main className={classes.page}>
      <VisuallyHidden component="h1">Home</VisuallyHidden>
      <div className={classes.left}>
        <WorldClock chosen={chosen} onChoose={choose} />
        <TodayBrief />
        <ReplayList />
      </div>
      <div className={classes.right}>
        <FuturesBoard heading="h2" defaultView="cards" isSmall search={search} onSearch={onSearch} />
      </div>
    </main>
  );
}
