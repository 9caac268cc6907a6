import { Skeleton } from '@mantine/core';
import classes from './futures.module.css';

/** As many lines as the board will probably have, so that the page does not jump. */
const ROWS = 11;

export function BoardSkeleton() {
  return (
    <div className={classes.skeleton} role="status" aria-label="Loading instruments" data-testid="futures-skeleton">
      {Array.from({ length: ROWS }, (_, i) => (
        <Skeleton key={i} height={22} radius="sm" />
      ))}
    </div>
  );
}
