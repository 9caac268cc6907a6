import { Skeleton } from '@mantine/core';
import classes from './today.module.css';

/** As many as there will probably be, so that the page does not jump. */
const CARDS = 8;

export function TodaySkeleton() {
  return (
    <div className={classes.cards} role="status" aria-label="Loading market opens" data-testid="opens-skeleton">
      {Array.from({ length: CARDS }, (_, i) => (
        <Skeleton key={i} height={190} radius="sm" />
      ))}
    </div>
  );
}
