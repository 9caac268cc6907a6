import type { ReactNode } from 'react';
import type { CellState } from '@/api/research';
import { dateIn, timeIn, weekdayIn, zoneName } from '@/shared/clockText';
import { formatMicros, formatSigned, percentOf, subtract, toMicros } from '@/shared/decimal';
import { formatCount, formatPercent, UNKNOWN } from '@/shared/format';
import type { HistoryBar } from './barHistory';
import classes from './chart.module.css';
import { keptWord } from './kept';

interface ReadoutProps {
  bar: HistoryBar | undefined;
  before: HistoryBar | undefined;
  vwap: number | undefined;
  kept: CellState | undefined;
  isDay: boolean;
  zone: string;
  precision: number;
}

/** The bar under the crosshair in figures; without one the last in sight. */
export function Readout({ bar, before, vwap, kept, isDay, zone, precision }: ReadoutProps) {
  const price = (value: number | null | undefined) => {
    const micros = toMicros(value);
    return micros === null ? UNKNOWN : formatMicros(micros, precision);
  };
  return (
    <div className={classes.readout} data-testid="readout" data-bar={bar ? new Date(bar.startMs).toISOString() : ''}>
      <div className={classes.what}>
        <p className={classes.when}>{bar ? <When bar={bar} isDay={isDay} zone={zone} /> : UNKNOWN}</p>
        <dl>
          <Fact name="Hours" title="Regular trading hours (RTH) or outside of them (ETH)">
            {isDay ? 'All' : (bar?.session ?? UNKNOWN)}
          </Fact>
          <Fact name="Contract">{bar?.contract ?? UNKNOWN}</Fact>
          <Fact name="From" title="Where this trade date's bars come from">
            {keptWord(kept)}
          </Fact>
        </dl>
      </div>
      <dl>
        <Fact name="Open">{price(bar?.open)}</Fact>
        <Fact name="High">{price(bar?.high)}</Fact>
        <Fact name="Low">{price(bar?.low)}</Fact>
        <Fact name="Close">{price(bar?.close)}</Fact>
        <Fact name="Change" title="From the close of the bar before" isWide>
          <Change bar={bar} before={before} precision={precision} />
        </Fact>
        <Fact name="Volume">{formatCount(bar?.volume)}</Fact>
        <Fact name="VWAP" title="Of the trade date, from its first bar that is shown to this one">
          {price(vwap)}
        </Fact>
        <Fact name="Bid">{price(bar?.bid)}</Fact>
        <Fact name="Ask">{price(bar?.ask)}</Fact>
        <Fact name="Spread" title="Mean of ask less bid in the bar">
          {bar?.spread === null || bar === undefined ? UNKNOWN : formatMicros(toMicros(bar.spread) ?? 0, precision + 1)}
        </Fact>
        <Fact name="Ticks">{formatCount(bar?.ticks)}</Fact>
      </dl>
    </div>
  );
}

function When({ bar, isDay, zone }: { bar: HistoryBar; isDay: boolean; zone: string }) {
  const { startMs } = bar;
  if (isDay) {
    const noon = bar.time * 1000;
    return (
      <>
        <strong>{`${weekdayIn('UTC', noon)} ${dateIn('UTC', noon)}`}</strong>{' '}
        <small>{`from ${weekdayIn(zone, startMs)} ${timeIn(zone, startMs).slice(0, 5)} ${zoneName(zone, startMs)}`}</small>
      </>
    );
  }
  return (
    <>
      <strong>{`${weekdayIn(zone, startMs)} ${dateIn(zone, startMs)} ${timeIn(zone, startMs)}`}</strong>{' '}
      {zoneName(zone, startMs)} <small>{`${timeIn('UTC', startMs)} UTC`}</small>
    </>
  );
}

interface ChangeProps {
  bar: HistoryBar | undefined;
  before: HistoryBar | undefined;
  precision: number;
}

function Change({ bar, before, precision }: ChangeProps) {
  const base = toMicros(before?.close);
  const change = subtract(toMicros(bar?.close), base);
  const percent = percentOf(change, base);
  if (change === null || percent === null) return UNKNOWN;
  return (
    <span className={classes.change} data-direction={Math.sign(change)}>
      {formatSigned(change, precision)} ({formatPercent(percent)})
    </span>
  );
}

interface FactProps {
  name: string;
  title?: string;
  isWide?: boolean;
  children: ReactNode;
}

function Fact({ name, title, isWide, children }: FactProps) {
  return (
    <div title={title} data-wide={isWide}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
