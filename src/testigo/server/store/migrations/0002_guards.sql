-- What no program, and no mistake of ours, may do to evidence.

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed or deleted', TG_TABLE_NAME;
END
$$;

CREATE TRIGGER leaf_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON leaf
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER checkpoint_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER decision_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON decision
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER nonce_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON nonce
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Evidence is given its leaf index once; nothing else of it is ever changed.
CREATE FUNCTION only_leaf_index_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.leaf_index IS NULL AND NEW.leaf_index IS NOT NULL
        AND to_jsonb(NEW) - 'leaf_index' = to_jsonb(OLD) - 'leaf_index' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'rows of % are evidence: they are never changed or deleted', TG_TABLE_NAME;
END
$$;

CREATE TRIGGER submission_is_evidence BEFORE UPDATE OR DELETE ON submission
    FOR EACH ROW EXECUTE FUNCTION only_leaf_index_once();
CREATE TRIGGER opened_is_evidence BEFORE UPDATE OR DELETE ON opened
    FOR EACH ROW EXECUTE FUNCTION only_leaf_index_once();
CREATE TRIGGER reading_is_evidence BEFORE UPDATE OR DELETE ON reading
    FOR EACH ROW EXECUTE FUNCTION only_leaf_index_once();
-- Emptying a table calls no trigger of a row.
CREATE TRIGGER submission_is_not_emptied BEFORE TRUNCATE ON submission
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER opened_is_not_emptied BEFORE TRUNCATE ON opened FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER reading_is_not_emptied BEFORE TRUNCATE ON reading FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ordinal_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON person_ordinal
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A worker that was broken into may write what it is there for, and nothing that another one vouches for: the opener no
-- readings, the reader no people's readings, neither of them configurations or releases. The functions that face the
-- world run as their owner and say the type themselves.
CREATE FUNCTION only_its_own() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_user = 'testigo_opener' AND NEW.leaf_type <> 'opened'
        OR current_user = 'testigo_reader' AND NEW.leaf_type <> 'reading' THEN
        RAISE EXCEPTION '% may not queue a leaf of this type', current_user;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER queue_takes_its_own BEFORE INSERT ON ledger_queue FOR EACH ROW EXECUTE FUNCTION only_its_own();

CREATE FUNCTION programs_are_no_people() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_user = 'testigo_reader' AND (NEW.person <> '' OR NEW.reader = 'person') THEN
        RAISE EXCEPTION '% may not read as a person', current_user;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER programs_are_no_people BEFORE INSERT ON reading
    FOR EACH ROW EXECUTE FUNCTION programs_are_no_people();

-- One database, one election; a rehearsal stays one for ever.
CREATE FUNCTION election_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (OLD.rehearsal AND NOT NEW.rehearsal) OR OLD.code <> NEW.code OR OLD.origin <> NEW.origin THEN
        RAISE EXCEPTION 'a database belongs to one election, and a rehearsal stays one for ever';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER election_stays BEFORE UPDATE OR DELETE ON election FOR EACH ROW EXECUTE FUNCTION election_stays();
CREATE TRIGGER election_is_not_emptied BEFORE TRUNCATE ON election FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE UNIQUE INDEX one_election ON election ((true));
