import { memo } from 'react';
import { formatMicros, type Micros } from '@/shared/decimal';
import { UNKNOWN } from '@/shared/format';
import type { RangeView } from './deskView';
import { placeIn, placeText } from './range';
import classes from './range.module.css';

interface RangeBarProps extends RangeView {
  /** What is spanned: "Day range". */
  name: string;
  precision: number;
  /** A second mark, such as VWAP. */
  mark?: Micros | null;
  markName?: string;
  /** Whether both ends stand below in figures. */
  ends?: boolean;
}

/** A span with the place of the last in it; the marks move by transforms alone. */
export const RangeBar = memo(function RangeBar({
  name,
  low,
  high,
  last,
  precision,
  mark,
  markName,
  ends,
}: RangeBarProps) {
  const place = placeIn(low, high, last);
  const markPlace = placeIn(low, high, mark ?? null);
  const price = (value: Micros | null) => (value === null ? UNKNOWN : formatMicros(value, precision));
  const words =
    place === null
      ? `${name}: unknown`
      : `${name}: ${price(low)} to ${price(high)}, last at ${placeText(place)}${markPlace === null ? '' : `, ${markName} ${price(mark ?? null)}`}`;
  return (
    <span className={classes.range} data-known={place !== null}>
      <span className={classes.track} role="img" aria-label={words} title={words}>
        {markPlace !== null && <span className={classes.mark} style={at(markPlace)} />}
        {place !== null && <span className={classes.last} style={at(place)} />}
      </span>
      {ends && (
        <span className={classes.ends} aria-hidden="true">
          <span>{price(low)}</span>
          <span>{price(high)}</span>
        </span>
      )}
    </span>
  );
});

/** The mark's box is as wide as the track, so that per cent of it are per cent of the track. */
function at(place: number) {
  return { transform: `translateX(${(place * 100).toFixed(1)}%)` };
}
