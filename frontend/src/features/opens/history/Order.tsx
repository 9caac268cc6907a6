import { COLUMNS } from './columns';
import classes from './history.module.css';
import { SORTS, type SortId, type Sorting, writeSort } from './historySearch';

interface OrderProps {
  sorting: Sorting;
  onSort: (sort: string | undefined) => void;
}

/** The order where there are no heads to press. */
export function Order({ sorting, onSort }: OrderProps) {
  return (
    <span className={classes.order}>
      <select
        aria-label="Order by"
        value={sorting.id}
        onChange={({ currentTarget: { value } }) => {
          const id = SORTS.find((each) => each === value) as SortId;
          onSort(writeSort({ ...sorting, id }));
        }}
      >
        {COLUMNS.flatMap(({ sort, header }) =>
          sort
            ? [
                <option key={sort} value={sort}>
                  {header}
                </option>,
              ]
            : [],
        )}
      </select>
      <button
        type="button"
        className={classes.button}
        aria-label={sorting.desc ? 'Highest first' : 'Lowest first'}
        onClick={() => onSort(writeSort({ ...sorting, desc: !sorting.desc }))}
      >
        {sorting.desc ? '↓' : '↑'}
      </button>
    </span>
  );
}
