import type { AuditLine } from '@/api/marketOpen';
import table from '@/shared/table.module.css';
import classes from './session.module.css';
import { exactTime } from './why';

/** The records of the chain that prove the session: each hash rests on the one before. */
export function Audit({ records }: { records: readonly AuditLine[] }) {
  return (
    <section className={classes.section} aria-labelledby="audit">
      <h2 id="audit">Audit records</h2>
      <p className={classes.quiet}>
        Each record keeps what was decided and on what; its hash rests on the record before it.{' '}
        <code>thor audit verify</code> checks the whole chain.
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys */}
      <section className={classes.scroll} tabIndex={0} aria-label="Audit records of the session">
        <table className={`${table.table} ${classes.audit}`} data-testid="audit">
          <thead>
            <tr>
              <th scope="col">No.</th>
              <th scope="col">Kind</th>
              <th scope="col">Of</th>
              <th scope="col">At, UTC</th>
              <th scope="col">Hash</th>
            </tr>
          </thead>
          <tbody>
            {records.map(({ number, kind, symbol, at, hash }) => (
              <tr key={number}>
                <th scope="row">{number}</th>
                <td>{kind}</td>
                <td>{symbol || 'all rows'}</td>
                <td>{exactTime('UTC', at)}</td>
                <td>
                  <code>{hash}</code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}
