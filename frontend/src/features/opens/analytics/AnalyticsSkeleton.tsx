import { Skeleton } from '@mantine/core';
import classes from './analytics.module.css';

/** In the figures' place until they are there. */
export function AnalyticsSkeleton() {
  return (
    <div className={classes.body} role="status" aria-label="Loading figures" data-testid="analytics-skeleton">
      <Skeleton height={66} radius="sm" />
      <div className={classes.columns}>
        <Skeleton height={300} radius="sm" />
        <Skeleton height={300} radius="sm" />
      </div>
      <Skeleton height={320} radius="sm" />
    </div>
  );
}
