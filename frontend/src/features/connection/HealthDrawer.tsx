import '@mantine/core/styles/Overlay.css';
import '@mantine/core/styles/Paper.css';
import '@mantine/core/styles/CloseButton.css';
import '@mantine/core/styles/ModalBase.css';
import '@mantine/core/styles/Drawer.css';
import { Drawer } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type SourceHealth, sourcesQuery, statusQuery } from '@/api/queries';
import { useEverySecond, useLive, useWireStatus } from '@/live/hooks';
import { formatAge, formatCount, formatLatency, formatRate, UNKNOWN } from '@/shared/format';
import { ProblemAlert } from '@/shared/ProblemAlert';
import classes from './health.module.css';
import { shownLatency } from './Latency';

interface HealthDrawerProps {
  opened: boolean;
  onClose: () => void;
}

/** Health of the quote sources, of this browser's connection and of the tick store. */
export default function HealthDrawer({ opened, onClose }: HealthDrawerProps) {
  return (
    // A locked page would need a style element of its own, which the Content-Security-Policy refuses.
    <Drawer.Root opened={opened} onClose={onClose} position="right" size={460} lockScroll={false}>
      <Drawer.Overlay />
      <Drawer.Content>
        {/* Mantine's Drawer.Header is a second banner to screen readers. */}
        <div className={classes.top}>
          <Drawer.Title>Source health</Drawer.Title>
          <Drawer.CloseButton aria-label="Close source health" />
        </div>
        <Drawer.Body data-testid="source-health">
          <Sources />
          <Connection />
          <Storage />
          <Desk />
        </Drawer.Body>
      </Drawer.Content>
    </Drawer.Root>
  );
}

function Sources() {
  const { data, error, refetch, isFetching } = useQuery(sourcesQuery);
  if (error && !data) {
    return (
      <ProblemAlert
        what="Sources could not be loaded"
        error={error}
        onRetry={() => void refetch()}
        retrying={isFetching}
      />
    );
  }
  if (!data) return <p className={classes.quiet}>Loading sources…</p>;
  if (data.length === 0) {
    return <p className={classes.quiet}>No collector reports. Start one, for example with “thor up”.</p>;
  }
  return (
    <ul className={classes.sources}>
      {data.map((row) => (
        <SourceCard key={`${row.source} ${row.host} ${row.pid}`} row={row} />
      ))}
    </ul>
  );
}

function SourceCard({ row }: { row: SourceHealth }) {
  const lastEvent = useEverySecond((_session, _present, serverNow) =>
    row.last_event_at ? `${formatAge(serverNow - Date.parse(row.last_event_at))} ago` : UNKNOWN,
  );
  return (
    <li className={classes.source} data-testid={`source-${row.source}`}>
      <div className={classes.head}>
        <strong>{row.source}</strong>
        <span className={classes.quiet}>{row.provider}</span>
        <span className={classes.state} data-state={row.state}>
          {row.state}
        </span>
      </div>
      {row.reason && <p className={classes.reason}>{row.reason}</p>}
      <Facts
        facts={[
          ['Events/s', formatRate(row.events_per_second)],
          ['Last event', lastEvent],
          ['Events', formatCount(row.events)],
          ['Empty cells', formatCount(row.null_cells)],
          ['Errors', formatCount(row.errors)],
          ['Standing by', formatCount(row.standby)],
          ['Process', `${row.host} ${row.pid}`],
        ]}
      />
    </li>
  );
}

function Connection() {
  const session = useLive();
  const { state, reconnects, gaps } = useWireStatus();
  const median = useEverySecond((live) => shownLatency(live.latency()?.medianMs));
  const p95 = useEverySecond((live) => shownLatency(live.latency()?.p95Ms));
  const skew = useEverySecond((live) => `${Math.round(live.skewMs())} ms`);
  return (
    <section>
      <h3 className={classes.title}>This browser</h3>
      <Facts
        facts={[
          ['Stream', state],
          ['Reconnections', formatCount(reconnects)],
          ['Latency, median', median],
          ['Latency, 95 %', p95],
          ['Clock ahead by', skew],
          ['Gaps', formatCount(gaps)],
          ['Unreadable events', formatCount(session.unreadable())],
        ]}
      />
    </section>
  );
}

/** An event that waits for so long is an alarm; the ingestor logs it at the same age. */
const LAG_ALARM_SECONDS = 15;

function Storage() {
  const { data } = useQuery(statusQuery);
  if (!data) return null;
  const { ingest } = data;
  const lag = formatLatency(ingest.lag_seconds * 1000);
  return (
    <section>
      <h3 className={classes.title}>Tick store</h3>
      <Facts
        facts={[
          ['Behind by', `${lag}, ${formatCount(ingest.lag_entries)} entries`, ingest.lag_seconds > LAG_ALARM_SECONDS],
          ['Rows/s', ingest.rate === null ? UNKNOWN : formatRate(ingest.rate)],
          ['Pending', formatCount(ingest.pending)],
          ['Dead letters', formatCount(ingest.dead)],
          ['Lost', formatCount(ingest.lost), ingest.lost > 0],
          ['Version', data.version],
        ]}
      />
    </section>
  );
}

/** The desk, which follows the markets, and the jobs that opens and closes set off. */
function Desk() {
  const { data } = useQuery(statusQuery);
  if (!data) return null;
  const { desk, jobs } = data;
  return (
    <section>
      <h3 className={classes.title}>Desk</h3>
      <Facts
        facts={[
          ['Leads', desk ? desk.leader : 'nobody', !desk],
          ['On standby', desk ? formatCount(desk.standby) : UNKNOWN],
          ['Behind by', desk ? formatLatency(desk.lag_ms) : UNKNOWN],
          ['Jobs waiting', jobs ? formatCount(jobs.waiting) : UNKNOWN],
          ['Jobs failed', jobs ? formatCount(jobs.failed) : UNKNOWN, jobs ? jobs.failed > 0 : false],
          ['Job workers', jobs ? formatCount(jobs.workers) : UNKNOWN, jobs?.workers === 0],
        ]}
      />
    </section>
  );
}

type Fact = readonly [name: string, value: string, alarming?: boolean];

function Facts({ facts }: { facts: readonly Fact[] }) {
  return (
    <dl className={classes.facts}>
      {facts.map(([name, value, alarming = false]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd data-alarming={alarming || undefined}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
