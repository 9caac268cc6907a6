import { memo } from 'react';
import { useSeries } from '@/live/hooks';
import classes from './futures.module.css';
import { sparklinePath, trendOf } from './sparklinePath';

const BOX = { width: 96, height: 22 };

/** The last minutes of one symbol; renders at most once a second. */
export const Sparkline = memo(function Sparkline({ symbol }: { symbol: string }) {
  const points = useSeries(symbol);
  const trend = trendOf(points);
  return (
    <svg
      className={classes.sparkline}
      viewBox={`0 0 ${BOX.width} ${BOX.height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`Past minutes: ${trend}`}
      data-trend={trend}
    >
      <path d={sparklinePath(points, BOX)} vectorEffect="non-scaling-stroke" />
    </svg>
  );
});
