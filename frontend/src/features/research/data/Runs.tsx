import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { cancelRun, type LakeRun, type RunsAnswer, runsKey, runsQuery } from '@/api/research';
import { useEverySecond, useWireStatus } from '@/live/hooks';
import { hasEnded, withRun } from '@/live/lake';
import { formatAgeLong, formatCount, UNKNOWN } from '@/shared/format';
import { CheckIcon, ClockIcon, CloseIcon, HourglassIcon, WarningIcon } from '@/shared/icons';
import { ProblemAlert } from '@/shared/ProblemAlert';
import table from '@/shared/table.module.css';
import research from '../research.module.css';
import classes from './runs.module.css';
import { StartRun } from './StartRun';
import { formatSpan, secondsOf } from './words';

/** While no events come. */
const UNCONNECTED_MS = 5_000;

/** Puts what a write answered into what is shown; its event may come later. */
export function useTakeRun(): (run: LakeRun) => void {
  const queryClient = useQueryClient();
  return (run) => queryClient.setQueryData<RunsAnswer>(runsKey, (answer) => answer && withRun(answer, run));
}

/** Work on the lake: what was asked for and how far it is. */
export function Runs({ date }: { date: string | undefined }) {
  const refetchInterval = useWireStatus().state === 'live' ? false : UNCONNECTED_MS;
  const { data, error, refetch, isFetching } = useQuery({ ...runsQuery, refetchInterval });
  return (
    <section className={classes.runs} aria-labelledby="runs" data-testid="runs">
      <h2 id="runs">Work on the lake</h2>
      {error && !data && (
        <ProblemAlert
          what="The runs could not be read"
          error={error}
          onRetry={() => void refetch()}
          retrying={isFetching}
        />
      )}
      {!data && !error && <p className={research.quiet}>Reading…</p>}
      {data && <StartRun refusal={data.refusal} date={date} />}
      {data?.runs.length === 0 && (
        <p className={research.quiet} data-testid="no-runs">
          Nothing was done yet. The end of each session starts one by itself.
        </p>
      )}
      {data && data.runs.length > 0 && <RunTable runs={data.runs} mayCancel={data.refusal === null} />}
    </section>
  );
}

function RunTable({ runs, mayCancel }: { runs: readonly LakeRun[]; mayCancel: boolean }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
    <section className={classes.scroll} tabIndex={0} aria-label="Runs, newest first">
      <table className={`${table.table} ${classes.table}`}>
        <thead>
          <tr>
            <th scope="col">What</th>
            <th scope="col">How it stands</th>
            <th scope="col" className={classes.right}>
              Took
            </th>
            <th scope="col">By</th>
            <th scope="col" className={classes.right}>
              Asked
            </th>
            <td />
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <RunRow key={run.id} run={run} mayCancel={mayCancel} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function RunRow({ run, mayCancel }: { run: LakeRun; mayCancel: boolean }) {
  return (
    <tr data-testid={`run-${run.id}`} data-status={run.status}>
      <th scope="row" title={run.title}>
        {run.title}
      </th>
      <td>
        <Standing run={run} />
      </td>
      <td className={classes.right}>
        <Took run={run} />
      </td>
      <td title={run.asked_by || 'a job'}>{run.asked_by || 'a job'}</td>
      <td className={classes.right}>
        <Age at={run.asked_at} />
      </td>
      <td className={classes.right}>{mayCancel && !hasEnded(run) && <Cancel run={run} />}</td>
    </tr>
  );
}

const STATUS = {
  waiting: ['Waiting', ClockIcon],
  running: ['Running', HourglassIcon],
  done: ['Done', CheckIcon],
  failed: ['Failed', WarningIcon],
  cancelled: ['Cancelled', CloseIcon],
} as const;

function Standing({ run }: { run: LakeRun }) {
  const [word, Icon] = STATUS[run.status];
  return (
    <div className={classes.standing}>
      <span className={classes.status} data-status={run.status}>
        <Icon size={12} /> {word}
      </span>
      {run.status === 'running' && <Progress run={run} />}
      <span className={classes.said} title={run.note}>
        {run.note}
      </span>
    </div>
  );
}

function Progress({ run: { done, total, unit } }: { run: LakeRun }) {
  const words =
    total === null ? `${formatCount(done)} ${unit}` : `${formatCount(done)} of ${formatCount(total)} ${unit}`;
  return (
    <span className={classes.progress}>
      <progress aria-label={words} {...(total !== null && { value: done, max: Math.max(total, 1) })} />
      {words}
    </span>
  );
}

/** Turns with the second while it runs. */
function Took({ run }: { run: LakeRun }) {
  const seconds = useEverySecond((_, __, serverNow) => {
    const taken = secondsOf(run, serverNow);
    return taken === null || run.ended_at !== null ? taken : Math.floor(taken);
  });
  return seconds === null ? UNKNOWN : formatSpan(seconds);
}

function Age({ at }: { at: string }) {
  const words = useEverySecond((_, __, serverNow) => formatAgeLong(serverNow - Date.parse(at)));
  return (
    <time dateTime={at} title={at}>
      {words}
    </time>
  );
}

function Cancel({ run }: { run: LakeRun }) {
  const take = useTakeRun();
  const { mutate, isPending, error } = useMutation({ mutationFn: () => cancelRun(run.id), onSuccess: take });
  return (
    <button
      type="button"
      className={research.button}
      disabled={isPending}
      title={error?.message}
      aria-label={`Cancel ${run.title}`}
      onClick={() => mutate()}
    >
      {error ? 'Failed' : 'Cancel'}
    </button>
  );
}
