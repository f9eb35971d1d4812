-- Who may touch what. A role that does not exist (an outside database with one role) is passed over.

DO $$
DECLARE
    rights CONSTANT text[][] := ARRAY[
        -- faces the observers: calls functions, reads the (public) profile
        ['testigo_intake', 'SELECT ON election'],
        ['testigo_intake', 'EXECUTE ON FUNCTION intake_admit(bytea, bigint, bigint, bigint)'],
        ['testigo_intake', 'EXECUTE ON FUNCTION intake_receive(bytea, text, bigint, text, text, bigint, bigint, bytea, bytea, text, bigint)'],
        ['testigo_intake', 'EXECUTE ON FUNCTION intake_leaf(bytea, text)'],
        ['testigo_intake', 'EXECUTE ON FUNCTION log_tile(text), log_head(), backlog()'],
        -- faces the reviewers
        ['testigo_review', 'SELECT ON election'],
        ['testigo_review', 'EXECUTE ON FUNCTION review_admit(bytea), backlog()'],
        ['testigo_review', 'EXECUTE ON FUNCTION review_type(bytea, text, text, text, text, bytea, bytea)'],
        -- opens what arrived; writes nonces and never reads them, sees no sender, and gives no leaf its index
        ['testigo_opener', 'SELECT ON election, opened'],
        ['testigo_opener', 'SELECT (id, blob, channel, outcome) ON submission'],
        ['testigo_opener', 'INSERT (submission_id, outcome, plaintext, same_as, scanned, image, withheld) ON opened'],
        ['testigo_opener', 'INSERT (submission_id, stage, nonce) ON nonce'],
        ['testigo_opener', 'INSERT (leaf_type, body, submission_id) ON ledger_queue'],
        -- reads images, and knows no people
        ['testigo_reader', 'SELECT ON election, opened'],
        ['testigo_reader', 'SELECT (id, submission_id, reader, version, body_hash, person) ON reading'],
        ['testigo_reader', 'SELECT (id, blob) ON submission'],
        ['testigo_reader', 'INSERT (submission_id, contest, station, person, reader, version, body, body_hash) ON reading'],
        ['testigo_reader', 'INSERT (leaf_type, body, submission_id, reading_id) ON ledger_queue'],
        -- numbers leaves and decides
        ['testigo_sequencer', 'SELECT ON election, submission, opened, reading, leaf, tile, checkpoint, decision, standing, person_ordinal'],
        ['testigo_sequencer', 'SELECT, UPDATE, DELETE ON ledger_queue'],
        ['testigo_sequencer', 'INSERT ON leaf, checkpoint, decision, person_ordinal'],
        ['testigo_sequencer', 'INSERT, UPDATE, DELETE ON tile'],
        ['testigo_sequencer', 'INSERT, UPDATE ON standing'],
        ['testigo_sequencer', 'UPDATE (leaf_index) ON submission, opened, reading'],
        ['testigo_sequencer', 'EXECUTE ON FUNCTION backlog()'],
        -- counts and publishes what is public anyway
        ['testigo_publish', 'SELECT ON election, leaf, tile, checkpoint, decision, standing'],
        -- opens commitments to a court, one by one
        ['testigo_auditor', 'SELECT ON nonce, submission, opened, leaf, checkpoint, election']
    ];
    worker text;
    entry text[];
BEGIN
    FOREACH entry SLICE 1 IN ARRAY rights LOOP
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = entry[1]) THEN
            EXECUTE format('GRANT %s TO %I', entry[2], entry[1]);
        END IF;
    END LOOP;
    FOREACH worker IN ARRAY ARRAY['testigo_opener', 'testigo_reader'] LOOP
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = worker) THEN
            EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON procrastinate_jobs, procrastinate_events, '
                'procrastinate_periodic_defers, procrastinate_workers TO %I', worker);
            EXECUTE format('GRANT USAGE ON SEQUENCE procrastinate_jobs_id_seq, procrastinate_events_id_seq, '
                'procrastinate_periodic_defers_id_seq, procrastinate_workers_id_seq TO %I', worker);
        END IF;
    END LOOP;
END
$$;
