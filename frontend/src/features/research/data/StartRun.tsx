import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { askRun, type RunBody, type RunKind } from '@/api/research';
import { useEverySecond } from '@/live/hooks';
import { DateField } from '@/shared/DateField';
import { isoDate } from '@/shared/dates';
import research from '../research.module.css';
import { useTakeRun } from './Runs';
import classes from './runs.module.css';

const KINDS: readonly (readonly [kind: RunKind, words: string])[] = [
  ['session', 'All of a session'],
  ['export', 'Export ticks'],
  ['bars', 'Bars'],
  ['quality', 'Quality'],
  ['verify', 'Verify files'],
  ['compact', 'Compact'],
];

interface StartRunProps {
  /** Why who looks may not start one; null: they may. */
  refusal: string | null;
  /** The chosen date; it is what work is offered for. */
  date: string | undefined;
}

/** Staff start work here; others read why they cannot. */
export function StartRun({ refusal, date }: StartRunProps) {
  if (refusal === null) return <Form key={date ?? ''} date={date} />;
  return (
    <p className={research.quiet} data-testid="may-not-start">
      {`Only staff start work: ${refusal}. `}
      <a className={classes.link} href={`/admin/login/?next=${encodeURIComponent('/research/data')}`}>
        Log in
      </a>
    </p>
  );
}

function Form({ date }: { date: string | undefined }) {
  const today = useEverySecond((_, present) => isoDate(present));
  const [kind, setKind] = useState<RunKind>('session');
  const [start, setStart] = useState(date ?? today);
  const [end, setEnd] = useState(date ?? today);
  const [symbols, setSymbols] = useState('');
  const [overwrite, setOverwrite] = useState(false);
  const take = useTakeRun();
  const { mutate, isPending, error, data } = useMutation({
    mutationFn: (body: RunBody) => askRun(body),
    onSuccess: take,
  });
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    mutate({ kind, start, end, symbols: symbols.split(/[\s,]+/).filter(Boolean), overwrite });
  };
  return (
    <form className={classes.form} onSubmit={onSubmit} data-testid="start-run">
      <label className={classes.field}>
        Do
        <select
          className={research.select}
          value={kind}
          onChange={(event) => setKind(event.currentTarget.value as RunKind)}
        >
          {KINDS.map(([each, words]) => (
            <option key={each} value={each}>
              {words}
            </option>
          ))}
        </select>
      </label>
      <DateField label="from" isInline value={start} onChange={(value) => value && setStart(value)} />
      <DateField label="to" isInline value={end} onChange={(value) => value && setEnd(value)} />
      <label className={classes.field}>
        of
        <input
          className={classes.symbols}
          placeholder="all instruments"
          aria-label="Instruments, such as ES YM; empty: all"
          value={symbols}
          onChange={(event) => setSymbols(event.currentTarget.value)}
        />
      </label>
      <label className={classes.field} title="Also what is up to date">
        <input type="checkbox" checked={overwrite} onChange={(event) => setOverwrite(event.currentTarget.checked)} />
        anew
      </label>
      <button type="submit" className={research.button} disabled={isPending}>
        Start
      </button>
      <p className={classes.answer} role="status">
        {error && <span className={classes.refused}>{error.message}</span>}
        {data && !error && !isPending && `Asked for: ${data.title}.`}
      </p>
    </form>
  );
}
