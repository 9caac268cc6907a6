import { useId, useState } from 'react';
import type { Thresholds, Total } from '@/live/board';
import { useTotal } from '@/live/hooks';
import { formatPercent, UNKNOWN } from '@/shared/format';
import { WarningIcon } from '@/shared/icons';
import { SignalMark } from '@/shared/SignalMark';
import { Contributions } from './Contributions';
import classes from './total.module.css';
import { missingText, SCALE_END, scaleMarks, scalePlace, signed } from './totalScale';

/** TOTAL: the signal over all instruments, its place on the scale, and on demand what each contributes. */
export function TotalStrip({ isSilent }: { isSilent: boolean }) {
  const total = useTotal();
  const [opened, setOpened] = useState(false);
  const details = useId();
  if (!total) return isSilent ? <DeskSilent /> : null;
  return (
    <section className={classes.total} aria-label="TOTAL" data-testid="total" data-status={total.status}>
      <div className={classes.strip}>
        <button
          type="button"
          className={classes.toggle}
          aria-expanded={opened}
          aria-controls={details}
          title="What each instrument contributes"
          onClick={() => setOpened(!opened)}
        >
          <span aria-hidden="true">{opened ? '▾' : '▸'}</span> TOTAL
        </button>
        <SignalMark
          signal={total.signal}
          reason={total.signal && total.count > 0 ? null : 'nothing counts'}
          title="No instrument counts now: Hold says nothing"
          testId="total-signal"
        />
        <Scale total={total} />
        <Figures total={total} />
        <Status total={total} />
        {isSilent && <DeskSilent />}
      </div>
      <div id={details} hidden={!opened}>
        {opened && <Contributions total={total} />}
      </div>
    </section>
  );
}

function DeskSilent() {
  return (
    <p className={classes.silent} role="status" data-testid="desk-silent">
      <WarningIcon size={14} /> The desk does not answer: signals, TOTAL and VWAP stand still.
    </p>
  );
}

/** From -22 to +22, with the thresholds as marks. */
function Scale({ total }: { total: Total }) {
  const { signal_weight_sum: sum, thresholds } = total;
  const marks = scaleMarks(thresholds);
  const words =
    sum === null ? 'unknown' : `${signed(sum)} of ±${SCALE_END}, thresholds ${marks.map(signed).join(', ')}`;
  return (
    <span className={classes.scale} role="img" aria-label={`Sum of signal weights: ${words}`} title={words}>
      <span className={classes.line} style={zones(thresholds)} />
      {marks.map((mark) => (
        <span key={mark} className={classes.mark} style={at(mark)}>
          <span>{mark}</span>
        </span>
      ))}
      {sum !== null && <span className={classes.sum} style={at(sum)} />}
    </span>
  );
}

/** Where the colours of the scale end. */
function zones({ strong_sell, sell, buy, strong_buy }: Thresholds) {
  const ends = { '--strong-sell': strong_sell, '--sell': sell, '--buy': buy, '--strong-buy': strong_buy };
  return Object.fromEntries(Object.entries(ends).map(([name, end]) => [name, `${scalePlace(end) * 100}%`]));
}

function at(value: number) {
  return { transform: `translateX(${(scalePlace(value) * 100).toFixed(1)}%)` };
}

const write = (value: number | null, words: (value: number) => string) => (value === null ? UNKNOWN : words(value));
const plain = (value: number) => String(value);

function Figures({ total }: { total: Total }) {
  const facts = [
    ['sum', 'Sum', 'Sum of the signal weights', write(total.signal_weight_sum, signed)],
    ['avg', 'Average', 'Weighted sum divided by the contract weights', write(total.avg_weighted, (v) => v.toFixed(3))],
    ['weighted', 'Weighted', 'Sum of stat value times contract weight, units mixed', write(total.sum_weighted, plain)],
    ['count', 'Counted', 'Classified instruments', String(total.count)],
    ['vwap', 'To VWAP', 'Weighted mean distance from VWAP', write(total.vwap_deviation_pct, formatPercent)],
  ] as const;
  return (
    <dl className={classes.facts}>
      {facts.map(([id, name, title, value]) => (
        <div key={id} title={title} data-fact={id}>
          <dt>{name}</dt>
          <dd data-testid={`total-${id}`}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** LIVE TOTAL, or what is missing and why. */
function Status({ total: { status, missing } }: { total: Total }) {
  const each = missing.map(({ symbol, reason }) => `${symbol} ${reason}`).join(', ');
  return (
    <span className={classes.status} data-live={status === 'LIVE TOTAL'} title={each || undefined}>
      <strong data-testid="total-status">{status}</strong>
      {missing.length > 0 && (
        <span className={classes.missing} data-testid="total-missing">
          {missingText(missing)}
        </span>
      )}
    </span>
  );
}
