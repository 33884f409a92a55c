-- How good the answers of models were: by the name by which a model was asked, which routes know it by.

-- Of whole answers only: one that was cut off, filtered or refused says nothing about quality.
ALTER TABLE calls ADD COLUMN asked_model TEXT;

-- What an answer showed by itself, -1..=1, such as that it twice did not follow its schema. A person's rating comes first.
ALTER TABLE calls ADD COLUMN outcome_rating REAL;

CREATE INDEX calls_rated ON calls (started_at)
    WHERE asked_model IS NOT NULL AND (rating IS NOT NULL OR outcome_rating IS NOT NULL);
