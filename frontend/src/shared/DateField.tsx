import { type RefObject, useEffect, useRef } from 'react';
import classes from './dateField.module.css';

interface DateFieldProps {
  label: string;
  /** "2025-10-09"; null: none. */
  value: string | null;
  onChange: (value: string | null) => void;
  /** Label and field beside each other. */
  isInline?: boolean;
  /** For who sets the focus to it. */
  field?: RefObject<HTMLInputElement | null>;
}

/** Years before are those of a year that is still being typed. */
const FIRST_YEAR = '1990';

/** A date; it keeps what is being typed until it is a whole one. */
export function DateField({ label, value, onChange, isInline = false, field }: DateFieldProps) {
  const own = useRef<HTMLInputElement>(null);
  const input = field ?? own;
  useEffect(() => {
    if (input.current && input.current !== document.activeElement) input.current.value = value ?? '';
  }, [input, value]);
  return (
    <label className={classes.date} data-inline={isInline || undefined}>
      {label}
      <input
        ref={input}
        type="date"
        defaultValue={value ?? ''}
        onChange={({ currentTarget: { value: typed } }) => {
          if (typed === '' || typed > FIRST_YEAR) onChange(typed || null);
        }}
      />
    </label>
  );
}
