import type { ReactNode } from 'react';
import classes from './analytics.module.css';

interface SectionProps {
  id: string;
  title: string;
  /** What it rests on, beside the title. */
  note?: ReactNode;
  children: ReactNode;
}

/** A part of the page under its own heading. */
export function Section({ id, title, note, children }: SectionProps) {
  return (
    <section className={classes.section} aria-labelledby={`${id}-title`} data-testid={`section-${id}`}>
      <div className={classes.sectionTop}>
        <h2 id={`${id}-title`}>{title}</h2>
        {note && <span className={classes.quiet}>{note}</span>}
      </div>
      {children}
    </section>
  );
}
