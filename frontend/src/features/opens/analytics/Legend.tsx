import classes from './map.module.css';
import { APART, FAR_APART, type Level } from './rates';

const points = (share: number) => Math.round(share * 100);

const LEVELS: readonly (readonly [Level, string])[] = [
  [-2, `-${points(FAR_APART)} and less`],
  [-1, `-${points(APART)}`],
  [0, 'about 0'],
  [1, `+${points(APART)}`],
  [2, `+${points(FAR_APART)} and more`],
  [null, 'nothing decided'],
];

interface LegendProps {
  /** What the rates are measured against. */
  against?: string;
}

/** The colours of a map of rates. */
export function Legend({ against = 'chance' }: LegendProps) {
  return (
    <ul className={classes.legend} aria-label={`Colours: per cent points from ${against}`}>
      {LEVELS.map(([level, words]) => (
        <li key={words} className={classes.key} data-level={level ?? 'none'}>
          {words}
        </li>
      ))}
      <li className={classes.key} data-level={1} data-low-sample>
        pale: fewer than 30
      </li>
      <li className={classes.remark}>● {against} outside the interval of 95%</li>
    </ul>
  );
}
