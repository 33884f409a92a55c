-- Work that goes over the memories in their order notes how far it has come. The position of the newest row may be given
-- to another memory once it is deleted; whoever has passed it looks again.
CREATE TRIGGER positions_are_used_again AFTER DELETE ON memories
    WHEN OLD.seq > (SELECT coalesce(max(seq), 0) FROM memories)
BEGIN
    UPDATE keeping SET value = OLD.seq - 1 WHERE name <> 'summarised_turns' AND value >= OLD.seq;
END;
