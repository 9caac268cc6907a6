import type { ReactNode } from 'react';
import classes from './plots.module.css';
import { endsOf, type Interval, isOutside, type Level, placeOn, type Scale } from './rates';

const HEIGHT = 22;
const WHOLE: Scale = { low: 0, high: 1 };

interface RatePlotProps {
  rate: number | null;
  interval: Interval | null;
  /** What noise would win, or between what and what; drawn as the thin bar below. */
  base: number | readonly [low: number, high: number] | null;
  level: Level;
  isLowSample: boolean;
}

/** A rate as a bar with its interval, and below it the base rate; the figures stand beside it in words. */
export function RatePlot({ rate, interval, base, level, isLowSample }: RatePlotProps) {
  const [from, to] = typeof base === 'number' ? [0, base] : (base ?? [0, 0]);
  return (
    <Plot level={level} isLowSample={isLowSample} marks={[0.25, 0.5, 0.75]} scale={WHOLE}>
      {rate !== null && <rect className={classes.bar} x={0} y={2} width={rate * 100} height={11} />}
      {base !== null && (
        <rect className={classes.base} x={from * 100} y={16} width={Math.max((to - from) * 100, 1)} height={4} />
      )}
      <Whisker interval={interval} scale={WHOLE} middle={7.5} />
    </Plot>
  );
}

interface ValuePlotProps {
  value: number | null;
  interval: Interval | null;
  scale: Scale;
  marks: readonly number[];
  isLowSample: boolean;
}

/** A value in USD as a bar from zero, with its interval, on a scale that its neighbours share. */
export function ValuePlot({ value, interval, scale, marks, isLowSample }: ValuePlotProps) {
  const zero = placeOn(scale, 0) * 100;
  const end = value === null ? zero : placeOn(scale, value) * 100;
  const level = value === null || !isOutside(0, interval) ? 0 : value > 0 ? 1 : -1;
  return (
    <Plot level={level} isLowSample={isLowSample} marks={marks} scale={scale}>
      {value !== null && (
        <rect className={classes.bar} x={Math.min(zero, end)} y={4} width={Math.abs(end - zero)} height={14} />
      )}
      <line className={classes.zero} x1={zero} x2={zero} y1={0} y2={HEIGHT} />
      <Whisker interval={interval} scale={scale} middle={HEIGHT / 2} />
    </Plot>
  );
}

interface PlotProps {
  level: Level;
  isLowSample: boolean;
  marks: readonly number[];
  scale: Scale;
  children: ReactNode;
}

function Plot({ level, isLowSample, marks, scale, children }: PlotProps) {
  return (
    <svg
      className={classes.plot}
      viewBox={`0 0 100 ${HEIGHT}`}
      preserveAspectRatio="none"
      data-level={level ?? 'none'}
      data-low-sample={isLowSample || undefined}
      aria-hidden="true"
      focusable="false"
    >
      {marks.map((mark) => {
        const x = placeOn(scale, mark) * 100;
        return <line key={mark} className={classes.mark} x1={x} x2={x} y1={0} y2={HEIGHT} />;
      })}
      {children}
    </svg>
  );
}

function Whisker({ interval, scale, middle }: { interval: Interval | null; scale: Scale; middle: number }) {
  const ends = endsOf(interval);
  if (!ends) return null;
  const [low, high] = ends.map((end) => placeOn(scale, end) * 100);
  // An end that lies beyond the scale has no cap.
  const caps = ends.filter((end) => end >= scale.low && end <= scale.high).map((end) => placeOn(scale, end) * 100);
  const d = [`M${low} ${middle}H${high}`, ...caps.map((x) => `M${x} ${middle - 4}V${middle + 4}`)].join('');
  return <path className={classes.whisker} d={d} />;
}
