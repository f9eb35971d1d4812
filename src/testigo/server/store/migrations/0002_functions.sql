-- What a program that faces the world may do: call these, and nothing else.
-- Each runs with its owner's rights; its search path is fixed so that nobody can slip other tables under it.
-- What they are given may come from somebody who broke into their caller: shapes and sizes are checked here again.
-- Errors: TS401 unknown or revoked token, TS404 unknown sheet, TS409 not opened (yet) as an image, TS422 wrong shape,
-- TS429 too often.

CREATE FUNCTION sender_of(p_token_hash bytea, OUT o_pseudonym text, OUT o_kind text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT pseudonym, kind FROM credential WHERE token_hash = p_token_hash AND NOT revoked
$$;

-- Whether this sender may have so many bytes more stored: 'stored', 'over_quota', or NULL for an unknown token.
CREATE FUNCTION intake_admit(p_token_hash bytea, p_size bigint, p_quota_files bigint, p_quota_bytes bigint)
    RETURNS text LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    who record;
    used record;
BEGIN
    SELECT * INTO who FROM sender_of(p_token_hash);
    IF who.o_pseudonym IS NULL OR who.o_kind NOT IN ('observer', 'hub', 'ingest') THEN
        RETURN NULL;
    END IF;
    IF who.o_kind = 'ingest' THEN
        RETURN 'stored';
    END IF;
    SELECT count(*) AS files, coalesce(sum(size), 0) AS bytes INTO used
        FROM submission WHERE sender = who.o_pseudonym AND outcome = 'stored';
    IF used.files >= p_quota_files OR used.bytes + p_size > p_quota_bytes THEN
        RETURN 'over_quota';
    END IF;
    RETURN 'stored';
END
$$;

-- One transaction: the row, the nonce, the job and the ledger queue. A retry is answered with its first promise.
CREATE FUNCTION intake_receive(
    p_token_hash bytea, p_blob text, p_size bigint, p_outcome text, p_receipt text, p_received_at bigint,
    p_batch bigint, p_nonce bytea, p_leaf bytea, p_promise text, p_deadline bigint,
    OUT o_receipt text, OUT o_promise text, OUT o_leaf bytea, OUT o_deadline bigint, OUT o_again boolean, OUT o_outcome text)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    who record;
    new_id bigint;
    kept_as text := p_outcome;
BEGIN
    SELECT * INTO who FROM sender_of(p_token_hash);
    IF who.o_pseudonym IS NULL OR who.o_kind NOT IN ('observer', 'hub', 'ingest') THEN
        RAISE EXCEPTION 'unknown token' USING ERRCODE = 'TS401';
    END IF;
    IF p_blob !~ '^[0-9a-f]{64}$' OR p_receipt !~ '^[0-9a-f]{32}$' OR p_size < 0 OR octet_length(p_nonce) <> 32
        OR p_outcome NOT IN ('stored', 'too_large', 'over_quota') OR octet_length(p_leaf) > 1000
        OR octet_length(p_promise) > 4000 THEN
        RAISE EXCEPTION 'wrong shape' USING ERRCODE = 'TS422';
    END IF;
    -- A file that was stored before its sender's quota was used up: the retry gets the promise of that day.
    IF p_outcome = 'over_quota' AND EXISTS (
        SELECT FROM submission WHERE sender = who.o_pseudonym AND blob = p_blob AND outcome = 'stored') THEN
        kept_as := 'stored';
    END IF;
    INSERT INTO submission (receipt, blob, size, channel, sender, received_at, batch, outcome, leaf, promise, deadline)
        VALUES (p_receipt, p_blob, p_size,
                CASE who.o_kind WHEN 'hub' THEN 'scan' WHEN 'observer' THEN 'upload' ELSE 'ingest' END,
                who.o_pseudonym, p_received_at, p_batch, kept_as, p_leaf, p_promise, p_deadline)
        ON CONFLICT (sender, blob, outcome) DO NOTHING
        RETURNING id INTO new_id;
    o_again := new_id IS NULL;
    IF new_id IS NOT NULL THEN
        INSERT INTO nonce (submission_id, stage, nonce) VALUES (new_id, 'receipt', p_nonce);
        INSERT INTO ledger_queue (leaf_type, body, submission_id) VALUES ('receipt', p_leaf, new_id);
        PERFORM procrastinate_defer_jobs_v1(ARRAY[
            ROW('open', 'open_submission', 0, NULL, NULL, jsonb_build_object('submission', new_id), NULL)
            ::procrastinate_job_to_defer_v1]);
        NOTIFY ledger_queue;
    END IF;
    SELECT receipt, promise, leaf, deadline, outcome INTO o_receipt, o_promise, o_leaf, o_deadline, o_outcome
        FROM submission WHERE sender = who.o_pseudonym AND blob = p_blob AND outcome = kept_as;
END
$$;

-- The leaf index of one's own receipt: no row if it is not one's own, NULL if it has none yet.
CREATE FUNCTION intake_leaf(p_token_hash bytea, p_receipt text)
    RETURNS TABLE (o_leaf bytea, o_index bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT leaf, leaf_index FROM submission
        WHERE receipt = p_receipt AND sender = (SELECT o_pseudonym FROM sender_of(p_token_hash))
$$;

-- Hashes of the log, never its entries: what a proof is made of.
CREATE FUNCTION log_tile(p_path text) RETURNS bytea
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT body FROM tile WHERE path = p_path AND path NOT LIKE 'tile/entries/%'
$$;

CREATE FUNCTION log_head() RETURNS TABLE (o_size bigint, o_root bytea, o_text text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT size, root, text FROM checkpoint ORDER BY size DESC LIMIT 1
$$;

-- Whether a token is a reviewer's.
CREATE FUNCTION review_admit(p_token_hash bytea) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT coalesce((SELECT o_kind = 'reviewer' FROM sender_of(p_token_hash)), false)
$$;

-- A person typed what a sheet says. The same numbers typed again by the same person are the same reading.
CREATE FUNCTION review_type(
    p_token_hash bytea, p_receipt text, p_contest text, p_station text, p_version text, p_body bytea, p_body_hash bytea)
    RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    who record;
    sheet record;
    new_id bigint;
BEGIN
    SELECT * INTO who FROM sender_of(p_token_hash);
    IF who.o_pseudonym IS NULL OR who.o_kind <> 'reviewer' THEN
        RAISE EXCEPTION 'unknown token' USING ERRCODE = 'TS401';
    END IF;
    SELECT s.id, o.outcome, o.same_as INTO sheet
        FROM submission s LEFT JOIN opened o ON o.submission_id = s.id WHERE s.receipt = p_receipt;
    IF sheet.id IS NULL THEN
        RAISE EXCEPTION 'unknown sheet' USING ERRCODE = 'TS404';
    END IF;
    IF sheet.outcome IS NULL OR sheet.outcome NOT IN ('image', 'same') THEN
        RAISE EXCEPTION 'not opened as an image' USING ERRCODE = 'TS409';
    END IF;
    IF octet_length(p_body) > 16000 OR octet_length(p_contest) + octet_length(p_station) + octet_length(p_version) > 500
        OR p_body_hash <> sha256(p_body) THEN
        RAISE EXCEPTION 'wrong shape' USING ERRCODE = 'TS422';
    END IF;
    -- A copy of an image is that image: one sheet, wherever its bytes came in.
    INSERT INTO reading (submission_id, contest, station, person, reader, version, body, body_hash)
        VALUES (coalesce(sheet.same_as, sheet.id), p_contest, p_station, who.o_pseudonym, 'person', p_version,
                p_body, p_body_hash)
        ON CONFLICT (submission_id, person, reader, version, body_hash) DO NOTHING
        RETURNING id INTO new_id;
    IF new_id IS NULL THEN
        SELECT id INTO new_id FROM reading
            WHERE submission_id = coalesce(sheet.same_as, sheet.id) AND person = who.o_pseudonym
              AND reader = 'person' AND version = p_version AND body_hash = p_body_hash;
        RETURN new_id;
    END IF;
    -- One person's corrections must not crowd out what others say of the same sheet or station.
    IF (SELECT count(*) FROM reading WHERE person = who.o_pseudonym AND submission_id = coalesce(sheet.same_as, sheet.id)) > 20
        OR (SELECT count(*) FROM reading WHERE person = who.o_pseudonym AND contest = p_contest AND station = p_station) > 20
    THEN
        RAISE EXCEPTION 'typed too often' USING ERRCODE = 'TS429';
    END IF;
    INSERT INTO ledger_queue (leaf_type, body, submission_id, reading_id)
        VALUES ('reading', p_body, coalesce(sheet.same_as, sheet.id), new_id);
    NOTIFY ledger_queue;
    RETURN new_id;
END
$$;

-- How much is still to be done: numbers only.
CREATE FUNCTION backlog(OUT o_leaves bigint, OUT o_jobs bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT (SELECT count(*) FROM ledger_queue WHERE refused = ''),
           (SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing'))
$$;

REVOKE ALL ON FUNCTION sender_of(bytea), intake_admit(bytea, bigint, bigint, bigint),
    intake_receive(bytea, text, bigint, text, text, bigint, bigint, bytea, bytea, text, bigint), intake_leaf(bytea, text),
    log_tile(text), log_head(), review_admit(bytea), review_type(bytea, text, text, text, text, bytea, bytea), backlog()
    FROM PUBLIC;
