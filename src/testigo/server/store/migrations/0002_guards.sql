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
CREATE UNIQUE INDEX one_election ON election ((true));
