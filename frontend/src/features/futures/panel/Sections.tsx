/** Parts of the panel below the chart: ranges, averages, what the signal rests on, how good the quotes are. */

import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useBoardPart, useBoardRow } from '@/live/hooks';
import { formatMicros, formatSigned, toMicros } from '@/shared/decimal';
import { formatCount, formatPercent, UNKNOWN } from '@/shared/format';
import { reasonTitle, SIGNAL_WORDS, suspectTitle } from '@/shared/signals';
import { DayRange, useDeskView, Vwap, VwapDistance, YearRange } from '../deskCells';
import { BASELINE_WORDS } from '../rowView';
import { signed } from '../totalScale';
import { Fact } from './Headline';
import classes from './panel.module.css';
import { rollingQuery, WINDOWS } from './reads';

interface SectionProps {
  symbol: string;
  precision: number;
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={classes.section} aria-label={title}>
      <h3>{title}</h3>
      {children}
    </section>
  );
}

export function Ranges({ symbol, precision }: SectionProps) {
  const row = useBoardRow(symbol);
  const points = (value: number | null | undefined) => {
    const micros = toMicros(value);
    return micros === null ? UNKNOWN : formatMicros(micros, precision);
  };
  return (
    <Section title="Ranges">
      <div className={classes.ranges}>
        <span>Day</span>
        <DayRange symbol={symbol} precision={precision} ends />
        <span>52 weeks</span>
        <YearRange symbol={symbol} precision={precision} ends />
      </div>
      <dl className={classes.facts}>
        <Fact name="52 w high on">{row?.high_52w_date ?? UNKNOWN}</Fact>
        <Fact name="Below it">{points(row?.dist_from_52w_high)}</Fact>
        <Fact name="52 w low on">{row?.low_52w_date ?? UNKNOWN}</Fact>
        <Fact name="Above it">{points(row?.dist_from_52w_low)}</Fact>
      </dl>
    </Section>
  );
}

/** VWAP of the trade date and of the past minutes, with how far the last is from each. */
export function Averages({ symbol, precision }: SectionProps) {
  const { data } = useQuery(rollingQuery(symbol));
  const { last } = useDeskView(symbol);
  return (
    <Section title="VWAP">
      <dl className={`${classes.facts} ${classes.long}`} data-testid="panel-vwap">
        <Fact name="Today">
          <Vwap symbol={symbol} precision={precision} /> <VwapDistance symbol={symbol} precision={precision} />
        </Fact>
        {WINDOWS.map((window, i) => {
          const vwap = toMicros(data?.[i]);
          return (
            <Fact key={window} name={`${window} min`}>
              {vwap === null ? UNKNOWN : formatMicros(vwap, precision)}{' '}
              {vwap !== null && last !== null && <small>{formatSigned(last - vwap, precision)}</small>}
            </Fact>
          );
        })}
      </dl>
    </Section>
  );
}

export function SignalFacts({ symbol, precision }: SectionProps) {
  const row = useBoardRow(symbol);
  const [baseline, change] = [toMicros(row?.baseline), toMicros(row?.change)];
  const plain = (value: number | null | undefined) => value ?? UNKNOWN;
  return (
    <Section title="Signal">
      <dl className={`${classes.facts} ${classes.long}`} data-testid="panel-signal">
        <Fact name="Signal" title={row?.signal ? undefined : reasonTitle(row?.reason ?? null)}>
          {row?.signal ? SIGNAL_WORDS[row.signal].word : (row?.reason ?? UNKNOWN)}
        </Fact>
        <Fact name="Change">{change === null ? UNKNOWN : formatSigned(change, precision)}</Fact>
        <Fact name={`From ${row?.baseline_from ? BASELINE_WORDS[row.baseline_from] : 'baseline'}`}>
          {baseline === null ? UNKNOWN : formatMicros(baseline, precision)}
        </Fact>
        <Fact name="Threshold met">{plain(row?.stat_value)}</Fact>
        <Fact name="Weight in TOTAL">
          {row?.signal_weight === null || row?.signal_weight === undefined ? UNKNOWN : signed(row.signal_weight)}
        </Fact>
        <Fact name="Contract weight">{plain(row?.contract_weight)}</Fact>
      </dl>
    </Section>
  );
}

export function Quality({ symbol }: { symbol: string }) {
  const count = useBoardPart(symbol, (row) => row?.suspects ?? null);
  const reasons = useBoardPart(symbol, (row) => row?.suspect.join(',') ?? '');
  const percent = useBoardPart(symbol, (row) => row?.change_pct ?? null);
  const tradeDate = useBoardPart(symbol, (row) => row?.trade_date ?? null);
  return (
    <Section title="Quality">
      <dl className={classes.facts} data-testid="panel-quality">
        <Fact name="Suspect quotes">{formatCount(count)}</Fact>
        <Fact name="Trade date">{tradeDate ?? UNKNOWN}</Fact>
        <Fact name="Desk’s change">{percent === null ? UNKNOWN : formatPercent(percent)}</Fact>
      </dl>
      <p className={classes.quiet}>
        {reasons === '' ? 'The newest quote is good.' : `${suspectTitle(reasons.split(','))}.`}
      </p>
    </Section>
  );
}
