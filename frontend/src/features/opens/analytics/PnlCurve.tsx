import { useMemo, useRef, useState } from 'react';
import { useMeasured } from '@/shared/useMeasured';
import { type CurvePoint, curveOf, deepest, nearest, type PnlPoint, withDrawdown, xOf, yOf } from './curve';
import classes from './curve.module.css';
import { shortUsd, ticksOf } from './rates';

const HEIGHT = 210;
const whole = (px: number) => Math.round(px);

interface PnlCurveProps {
  points: readonly PnlPoint[];
  maxDrawdown: number;
}

/** The sum of P&L day by day, and how far it fell below its highest; a day is chosen by pointer or by the slider. */
export function PnlCurve({ points, maxDrawdown }: PnlCurveProps) {
  const days = useMemo(() => withDrawdown(points), [points]);
  const [chosen, setChosen] = useState<number>();
  const shown = Math.min(chosen ?? days.length - 1, days.length - 1);
  const day = days[shown];
  if (!day) return <p className={classes.quiet}>No trade yet: the first one begins the curve.</p>;
  return (
    <div className={classes.figure} data-testid="pnl-curve" data-days={days.length}>
      <DayWords day={day} />
      <Picture days={days} shown={shown} onShow={setChosen} />
      <input
        type="range"
        className={classes.slider}
        aria-label="Day of the curve"
        aria-valuetext={`${day.trade_date}: ${shortUsd(day.cumulative_usd)}`}
        min={0}
        max={days.length - 1}
        value={shown}
        onChange={(event) => setChosen(event.currentTarget.valueAsNumber)}
      />
      <p className={classes.quiet}>{drawdownWords(days, maxDrawdown)}</p>
    </div>
  );
}

function DayWords({ day }: { day: CurvePoint }) {
  const facts: readonly (readonly [name: string, value: string])[] = [
    ['Day', day.trade_date],
    ['Sum', shortUsd(day.cumulative_usd)],
    ['That day', shortUsd(day.pnl_usd, true)],
    ['Entries', String(day.entries)],
    ['Below its highest', shortUsd(day.drawdown)],
  ];
  return (
    <dl className={classes.words} data-testid="pnl-day">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function drawdownWords(days: readonly CurvePoint[], maxDrawdown: number): string {
  const span = deepest(days);
  const [from, to] = [days[span?.from ?? -1], days[span?.to ?? -1]];
  if (!from || !to || maxDrawdown === 0) return 'It never fell below its highest.';
  return `Largest drawdown: ${shortUsd(Math.abs(maxDrawdown))}, from ${from.trade_date} to ${to.trade_date}.`;
}

/** Dates for the axis: the first, the last, and three between where there are some. */
function datesOf(days: readonly CurvePoint[]): readonly string[] {
  const last = days.length - 1;
  return [...new Set([0, 0.25, 0.5, 0.75, 1].map((share) => days[Math.round(share * last)]?.trade_date ?? ''))];
}

interface PictureProps {
  days: readonly CurvePoint[];
  shown: number;
  onShow: (day: number) => void;
}

function Picture({ days, shown, onShow }: PictureProps) {
  const area = useRef<HTMLDivElement>(null);
  const width = useMeasured(area, whole, 600);
  const { scale, line, under, zero } = useMemo(() => curveOf(days, { width, height: HEIGHT }), [days, width]);
  const x = xOf(shown, days.length, width);
  const y = yOf(scale, days[shown]?.cumulative_usd ?? 0, HEIGHT);
  const name = `Running P&L over ${days.length} days: ${shortUsd(days.at(-1)?.cumulative_usd)} at the end`;
  return (
    <div className={classes.picture}>
      <div className={classes.axis} aria-hidden="true">
        {ticksOf(scale).map((tick) => (
          <span key={tick} style={{ top: yOf(scale, tick, HEIGHT) }}>
            {shortUsd(tick)}
          </span>
        ))}
      </div>
      <div
        ref={area}
        className={classes.area}
        onPointerMove={(event) => {
          const { left } = event.currentTarget.getBoundingClientRect();
          onShow(nearest(event.clientX - left, days.length, width));
        }}
      >
        <svg width={width} height={HEIGHT} role="img" aria-label={name}>
          {ticksOf(scale).map((tick) => (
            <line
              key={tick}
              className={classes.mark}
              x1={0}
              x2={width}
              y1={yOf(scale, tick, HEIGHT)}
              y2={yOf(scale, tick, HEIGHT)}
            />
          ))}
          <line className={classes.zero} x1={0} x2={width} y1={zero} y2={zero} />
          <path className={classes.under} d={under} />
          <path className={classes.line} d={line} />
          <line className={classes.pointer} x1={x} x2={x} y1={0} y2={HEIGHT} />
          <circle className={classes.dot} cx={x} cy={y} r={3.5} />
        </svg>
        <p className={classes.ends} aria-hidden="true">
          {datesOf(days).map((date) => (
            <span key={date}>{date}</span>
          ))}
        </p>
      </div>
    </div>
  );
}
