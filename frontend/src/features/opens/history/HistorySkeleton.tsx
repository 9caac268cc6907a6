import { Skeleton } from '@mantine/core';
import classes from './history.module.css';

const ROWS = 14;

/** In the table's place until its rows are there. */
export function HistorySkeleton() {
  return (
    <div className={classes.skeleton} role="status" aria-label="Loading sessions" data-testid="history-skeleton">
      {Array.from({ length: ROWS }, (_, i) => (
        <Skeleton key={i} height={22} radius="sm" />
      ))}
    </div>
  );
}
