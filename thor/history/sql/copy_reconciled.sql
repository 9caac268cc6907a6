COPY reconciled FROM STDIN
