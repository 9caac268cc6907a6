import { type PointerEvent, useMemo, useRef, useState } from 'react';
import type { PathAnswer } from '@/api/marketOpen';
import { timeIn } from '@/shared/clockText';
import { useMeasured } from '@/shared/useMeasured';
import { formatPrice } from '../shared/words';
import classes from './path.module.css';
import {
  type Frame,
  msOf,
  near,
  type Point,
  pointAt,
  pointsIn,
  pointsOf,
  priceRange,
  priceTicks,
  silences,
  spreadArea,
  stepLine,
  timeTicks,
  wholeRange,
  xOf,
  yOf,
} from './pathView';

interface PathChartProps {
  path: PathAnswer;
  /** Whether it is drawn around the deciding quote only. */
  isNear: boolean;
  precision: number;
  /** Whose clocks the times are on. */
  zone: string;
}

const HEIGHT = 300;
/** Room for the prices beside the drawing. */
const BESIDE = 92;
const PER_TICK = 110;

const wholePixels = (width: number): number => Math.round(width);

/** The prices that graded a row over its levels, from before the open to after the outcome. */
export function PathChart({ path, isNear, precision, zone }: PathChartProps) {
  const element = useRef<HTMLDivElement>(null);
  const outer = useMeasured(element, wholePixels, 0);
  const [hovered, setHovered] = useState<Point | null>(null);
  const all = useMemo(() => pointsOf(path), [path]);
  const deciding = path.quotes.find(({ is_deciding }) => is_deciding);
  const frame = useMemo((): Frame => {
    const times = isNear && deciding ? near(msOf(deciding.ts)) : wholeRange(path, all);
    const shown = pointsIn(all, times);
    const prices = priceRange(shown, [path.entry_price, path.target, path.stop]);
    return { width: Math.max(outer - BESIDE, 50), height: HEIGHT, times, prices };
  }, [path, all, isNear, deciding, outer]);
  const points = useMemo(() => pointsIn(all, frame.times), [all, frame]);
  const onPointer = ({ clientX, currentTarget }: PointerEvent<HTMLDivElement>) => {
    const at = (clientX - currentTarget.getBoundingClientRect().left) / frame.width;
    setHovered(pointAt(points, frame.times.from + at * (frame.times.until - frame.times.from)));
  };
  return (
    <div
      ref={element}
      className={classes.chart}
      role="img"
      aria-label={chartWords(path, points.length, precision)}
      data-testid="path-chart"
      data-points={all.length}
      onPointerMove={onPointer}
      onPointerLeave={() => setHovered(null)}
    >
      {outer > 0 && (
        <svg width={outer} height={HEIGHT + 22} aria-hidden="true">
          <Grid frame={frame} zone={zone} precision={precision} />
          <g className={classes.inside}>
            {silences(points, path.ticks).map(({ from, until }) => (
              <rect
                key={from}
                className={classes.silence}
                x={xOf(frame, from)}
                width={Math.max(xOf(frame, until) - xOf(frame, from), 1)}
                height={HEIGHT}
              />
            ))}
            <Moments frame={frame} path={path} />
            <path className={classes.spread} d={spreadArea(frame, points)} />
            <Levels frame={frame} path={path} precision={precision} />
            <path className={classes.line} d={stepLine(frame, points, ({ price }) => price)} />
          </g>
          {deciding && <Deciding frame={frame} points={points} ms={msOf(deciding.ts)} />}
          {hovered && (
            <line className={classes.cross} x1={xOf(frame, hovered.ms)} x2={xOf(frame, hovered.ms)} y2={HEIGHT} />
          )}
        </svg>
      )}
      <p className={classes.legend} data-testid="path-legend">
        {hovered ? pointWords(hovered, precision, zone) : legendWords(path)}
      </p>
    </div>
  );
}

function chartWords(path: PathAnswer, shown: number, precision: number): string {
  const levels =
    path.entry_side === null
      ? 'without an entry'
      : `entry ${formatPrice(path.entry_price, precision)}, target ${formatPrice(path.target, precision)}, stop ${formatPrice(path.stop, precision)}`;
  return `Prices of ${path.traded_symbol}, ${shown} points; ${levels}`;
}

function pointWords({ ms, bid, ask, last }: Point, precision: number, zone: string): string {
  const price = (value: number | null) => formatPrice(value, precision);
  const millis = String(Math.floor(ms % 1000)).padStart(3, '0');
  return `${timeIn(zone, ms)}.${millis}  bid ${price(bid)}  ask ${price(ask)}  last ${price(last)}`;
}

/** What the line is. */
function legendWords({ entry_side, traded_symbol, ticks, points }: PathAnswer): string {
  const what =
    entry_side === null
      ? 'last'
      : entry_side === 'BUY'
        ? 'graded price (exit of a buy)'
        : 'graded price (exit of a sell)';
  const thinned = ticks > points.length ? `, ${points.length} of ${ticks} quotes drawn` : `, ${ticks} quotes`;
  return `${traded_symbol} ${what}; band: bid to ask; shaded: more than 5 s without a quote${thinned}`;
}

function Grid({ frame, zone, precision }: { frame: Frame; zone: string; precision: number }) {
  const isFine = frame.times.until - frame.times.from < 600_000;
  return (
    <g className={classes.grid}>
      {priceTicks(frame.prices, 6).map((price) => (
        <g key={price} transform={`translate(0 ${yOf(frame, price)})`}>
          <line x2={frame.width} />
          <text x={frame.width + 6} dy="0.32em">
            {formatPrice(price, precision)}
          </text>
        </g>
      ))}
      {timeTicks(frame.times, Math.max(Math.floor(frame.width / PER_TICK), 2)).map((ms) => (
        <g key={ms} transform={`translate(${xOf(frame, ms)} 0)`}>
          <line y2={frame.height} />
          <text y={frame.height + 15} textAnchor="middle">
            {timeIn(zone, ms).slice(0, isFine ? 8 : 5)}
          </text>
        </g>
      ))}
    </g>
  );
}

/** Open, capture and the window's end, as upright lines. */
function Moments({ frame, path }: { frame: Frame; path: PathAnswer }) {
  const moments = [
    ['open', path.opened_at],
    ...(path.captured_at === path.opened_at ? [] : [['capture', path.captured_at] as const]),
    ['window ends', path.window_ends_at],
  ] as const;
  return moments
    .filter(([, iso]) => msOf(iso) >= frame.times.from && msOf(iso) <= frame.times.until)
    .map(([name, iso]) => (
      <g key={name} className={classes.moment} transform={`translate(${xOf(frame, msOf(iso))} 0)`}>
        <line y2={frame.height} />
        <text x={4} y={frame.height - 5}>
          {name}
        </text>
      </g>
    ));
}

function Levels({ frame, path, precision }: { frame: Frame; path: PathAnswer; precision: number }) {
  const levels = [
    ['target', path.target],
    ['entry', path.entry_price],
    ['stop', path.stop],
  ] as const;
  return levels.map(
    ([name, price]) =>
      price !== null && (
        <g key={name} className={classes.level} data-level={name} transform={`translate(0 ${yOf(frame, price)})`}>
          <line x2={frame.width} />
          {/* The deciding quote lies on target or stop, mostly far to the right. */}
          <text x={name === 'entry' ? frame.width - 4 : 4} dy="-4" textAnchor={name === 'entry' ? 'end' : 'start'}>
            {name} {formatPrice(price, precision)}
          </text>
        </g>
      ),
  );
}

function Deciding({ frame, points, ms }: { frame: Frame; points: readonly Point[]; ms: number }) {
  const price = pointAt(points, ms)?.price;
  if (price === null || price === undefined) return null;
  return (
    <g
      className={classes.deciding}
      transform={`translate(${xOf(frame, ms)} ${yOf(frame, price)})`}
      data-testid="deciding-mark"
    >
      <circle r={9} />
      <circle r={4} />
    </g>
  );
}
