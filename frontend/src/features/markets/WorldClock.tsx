import { Skeleton } from '@mantine/core';
import { useEverySecond, useMarkets, useWireStatus } from '@/live/hooks';
import type { MarketBoard } from '@/live/markets';
import { timeIn } from '@/shared/clockText';
import { WarningIcon } from '@/shared/icons';
import { ProblemAlert } from '@/shared/ProblemAlert';
import { CompositeStrip } from './CompositeStrip';
import { MarketTable } from './MarketTable';
import classes from './markets.module.css';

interface WorldClockProps {
  /** Key of the market that the header shows. */
  chosen: string;
  onChoose: (country: string) => void;
}

/** Which of the world's markets are open, and what comes next. */
export function WorldClock(props: WorldClockProps) {
  const { data, error, refetch, isFetching } = useMarkets();
  const { state } = useWireStatus();
  return (
    <section className={classes.clock} aria-labelledby="world-clock" data-testid="world-clock" data-events={state}>
      <div className={classes.bar}>
        <h2 id="world-clock" className={classes.heading}>
          World clock
        </h2>
        {data && <StaleNote board={data} failed={error !== null} />}
      </div>
      {data && data.markets.length > 0 && (
        <>
          <CompositeStrip markets={data.markets} />
          <MarketTable markets={data.markets} {...props} />
        </>
      )}
      {data?.markets.length === 0 && (
        <p className={classes.empty} data-testid="markets-empty">
          No market is followed. Run “thor seed_markets”, or switch one on in the admin.
        </p>
      )}
      {!data && error && (
        <ProblemAlert
          what="The markets could not be loaded"
          error={error}
          onRetry={() => void refetch()}
          retrying={isFetching}
        />
      )}
      {!data && !error && <WorldClockSkeleton />}
    </section>
  );
}

/** An answer is asked for every five minutes at least; older than this, it has failed for a while. */
const STALE_AFTER_MS = 6 * 60_000;

/** Says when the shown state was last confirmed, once it is not fresh. */
function StaleNote({ board, failed }: { board: MarketBoard; failed: boolean }) {
  const { takenMs } = board.clock;
  const isOld = useEverySecond(
    (session, _present, serverNow) => serverNow + session.skewMs() - takenMs > STALE_AFTER_MS,
  );
  if (!isOld && !failed) return null;
  return (
    <span className={classes.stale} data-testid="markets-stale">
      <WarningIcon size={14} />
      {`as of ${timeIn('UTC', board.clock.nowMs)} UTC; retrying`}
    </span>
  );
}

/** As many lines as there will probably be, so that the page does not jump. */
const ROWS = 11;

function WorldClockSkeleton() {
  return (
    <div className={classes.skeleton} role="status" aria-label="Loading markets" data-testid="markets-skeleton">
      {Array.from({ length: ROWS }, (_, i) => (
        <Skeleton key={i} height={34} radius="sm" />
      ))}
    </div>
  );
}
