"""What is done once, and not at once: put off together with the change that it belongs to (`portal.record.job`), and
done by a worker. Procrastinate keeps the books; it is known in this package and nowhere else."""
