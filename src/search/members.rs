//! Names of things by what they are: who asks for a sport means tennis and judo, and who asks for a city Rome.
//!
//! Near words (`super::alike`) do not tell that: `sport` is nearer to `sports` and `athlete` than to any sport.

use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::LazyLock;

/// Words that ask for a class, and words that are of it, both without their plural in s. Written from general knowledge
/// (2026-11-27): what people keep of themselves and of their work. English alone, as near words are.
#[rustfmt::skip]
const CLASSES: &[(&str, &str)] = &[
    ("animal animals", "pet dog puppy cat kitten horse pony rabbit bunny hamster parrot turtle tortoise snake lizard goldfish fish bird elephant lion tiger bear wolf fox deer monkey gorilla giraffe zebra penguin whale dolphin shark seal owl eagle duck goose swan chicken hen rooster cow pig sheep goat lamb donkey camel kangaroo koala panda frog squirrel raccoon hedgehog bee butterfly spider"),
    ("pet pets", "dog puppy cat kitten hamster rabbit bunny parrot goldfish turtle tortoise guinea budgie canary gecko ferret"),
    ("musical instrument instruments", "guitar piano violin viola cello bass drum flute clarinet saxophone trumpet trombone oboe harp ukulele banjo accordion keyboard harmonica bassoon organ fiddle"),
    ("sport sports", "football soccer basketball baseball tennis golf hockey rugby cricket volleyball badminton swimming running cycling skiing snowboarding surfing climbing boxing wrestling rowing sailing gymnastics athletics skating karate judo taekwondo kickboxing fencing squash handball softball lacrosse triathlon marathon"),
    ("hobby hobbies", "painting drawing pottery ceramics photography reading writing cooking baking gardening knitting sewing crochet woodworking fishing hunting hiking camping climbing cycling swimming running jogging skiing surfing sailing kayaking yoga pilates meditation dancing singing chess gaming volunteering traveling travelling origami karate"),
    ("exercise exercises workout workouts", "yoga pilates running jogging swimming cycling weights weightlifting squats crossfit aerobics zumba boxing kickboxing gym hiking stretching"),
    ("dance dances", "salsa tango waltz ballet bachata swing foxtrot contemporary flamenco tap samba rumba"),
    ("art arts", "painting drawing sculpture pottery ceramics photography sketch mural mosaic portrait landscape collage"),
    ("music", "jazz rock pop classical opera blues rap country folk metal punk reggae techno symphony concerto"),
    ("country countries nation nations", "england scotland wales ireland france germany spain italy portugal sweden norway denmark finland iceland poland austria switzerland belgium netherlands holland greece turkey russia ukraine hungary romania bulgaria croatia serbia czechia estonia latvia lithuania egypt morocco kenya nigeria ethiopia ghana tanzania uganda israel jordan lebanon syria iraq iran india pakistan bangladesh nepal china japan korea taiwan vietnam thailand cambodia malaysia singapore indonesia philippines australia canada mexico brazil argentina chile peru colombia venezuela ecuador bolivia cuba jamaica america usa britain uk"),
    ("city cities town towns", "london paris rome berlin madrid barcelona lisbon vienna prague budapest amsterdam brussels dublin edinburgh stockholm oslo copenhagen helsinki athens istanbul moscow warsaw milan venice florence munich hamburg cologne frankfurt leipzig lyon marseille zurich geneva tokyo kyoto osaka beijing shanghai seoul bangkok singapore mumbai delhi dubai cairo sydney melbourne toronto vancouver montreal boston chicago seattle denver dallas houston austin miami atlanta philadelphia phoenix detroit portland"),
    ("state states", "california texas florida ohio michigan georgia arizona oregon nevada utah colorado montana kansas iowa illinois indiana minnesota wisconsin alabama tennessee kentucky virginia maryland massachusetts connecticut pennsylvania oklahoma louisiana arkansas alaska hawaii"),
    ("continent continents", "europe africa asia america australia antarctica"),
    ("language languages", "english german french spanish italian portuguese dutch swedish norwegian danish finnish polish czech russian ukrainian greek turkish arabic hebrew hindi urdu bengali chinese mandarin cantonese japanese korean vietnamese thai latin swahili python rust java javascript typescript kotlin swift ruby perl haskell scala golang php"),
    ("food foods meal meals dish dishes", "pizza pasta rice bread soup salad sandwich burger sushi taco curry noodles steak chicken beef pork fish salmon tuna eggs omelette cheese potatoes beans tofu lasagna pancakes breakfast lunch dinner vegetables fruit cake pie cookies chocolate"),
    ("dessert desserts sweets", "cake pie brownies cookies pudding tart pastry cupcake muffin doughnut donut cheesecake tiramisu chocolate candy custard mousse"),
    ("drink drinks beverage beverages", "coffee espresso cappuccino latte tea water juice lemonade milk soda cola beer wine whisky whiskey vodka gin rum champagne cocktail cider smoothie cocoa"),
    ("fruit fruits", "apple pear banana orange lemon grape cherry cherries strawberry strawberries raspberry blueberry mango pineapple peach plum apricot melon watermelon kiwi"),
    ("vegetable vegetables", "carrot potato potatoes tomato tomatoes onion cabbage spinach lettuce broccoli pepper cucumber peas beans pumpkin celery leek garlic"),
    ("flower flowers plant plants", "rose tulip lily lilies daisy daisies sunflower orchid violet carnation peony dahlia lavender fern cactus ivy"),
    ("vehicle vehicles transport transportation", "car truck van bus train tram subway bicycle bike motorcycle motorbike scooter boat ship ferry plane airplane helicopter taxi"),
    ("clothes clothing garment outfit wear", "shirt blouse dress skirt trousers pants jeans shorts jacket coat sweater hoodie suit tie scarf hat cap gloves socks shoes boots sneakers sandals"),
    ("furniture", "chair table desk sofa couch bed shelf bookshelf wardrobe cupboard cabinet drawer bench armchair mattress"),
    ("color colors colour colours", "red blue green yellow orange purple pink brown black white grey gray turquoise violet beige gold silver"),
    ("religion religions faith religious", "church christian christianity catholic protestant muslim islam jewish judaism hindu hinduism buddhist buddhism mosque temple synagogue prayer bible god"),
    ("illness illnesses disease diseases sickness condition", "flu cold fever cancer diabetes asthma allergy allergic migraine arthritis pneumonia bronchitis covid depression anxiety measles infection"),
    ("symptom symptoms", "fever cough headache nausea pain rash dizziness fatigue swelling vomiting"),
    ("allergy allergies allergic", "peanut nuts pollen gluten lactose shellfish dust penicillin"),
    ("medicine medication medications", "aspirin ibuprofen paracetamol insulin antibiotics penicillin pills tablets vaccine"),
    ("relative relatives", "mother father mom mum dad parents son daughter child children kids brother sister siblings husband wife spouse grandmother grandma grandfather grandpa aunt uncle cousin niece nephew"),
    ("job jobs profession occupation career", "teacher nurse doctor surgeon lawyer attorney engineer architect programmer developer designer accountant carpenter plumber electrician mechanic chef cook waiter waitress baker banker journalist editor writer author artist musician actor actress photographer scientist researcher professor librarian police policeman firefighter soldier pilot driver farmer gardener hairdresser dentist pharmacist therapist psychologist manager salesman cashier"),
    ("subject subjects", "mathematics math physics chemistry biology history geography economics law medicine psychology philosophy sociology literature linguistics engineering architecture art music politics education journalism"),
    ("weather", "rain rainy snow snowy sun sunny storm stormy wind windy cloudy fog hail thunder thunderstorm heat"),
    ("season seasons", "spring summer autumn fall winter"),
    ("holiday holidays", "christmas easter thanksgiving halloween hanukkah ramadan diwali valentine"),
    ("book books", "novel memoir biography thriller fantasy fiction"),
    ("database databases datastore", "postgres postgresql mysql sqlite mariadb mongodb redis oracle cassandra dynamodb elasticsearch"),
    ("framework", "react vue angular svelte django flask rails spring express nextjs laravel"),
    ("cloud hosting", "aws azure gcp heroku hetzner digitalocean cloudflare vercel netlify"),
    ("editor ide", "vim neovim emacs vscode intellij helix sublime zed nano"),
    ("toy toys", "doll lego teddy puzzle blocks kite train"),
    ("device devices gadget", "phone smartphone laptop tablet computer camera watch headphones speaker printer television console"),
    ("appliance appliances", "oven stove fridge refrigerator freezer dishwasher microwave toaster washer dryer kettle"),
    ("jewelry jewellery", "necklace ring earrings bracelet brooch pendant watch"),
    ("currency money", "dollar euro pound yen franc"),
];

/// Classes as bits, by the words that ask for them and by those that are of them.
static KNOWN: LazyLock<[HashMap<&'static str, u64>; 2]> = LazyLock::new(|| {
    let mut known: [HashMap<&'static str, u64>; 2] = Default::default();
    for (at, (asking, members)) in CLASSES.iter().enumerate() {
        for (words, known) in [asking, members].into_iter().zip(&mut known) {
            words.split(' ').for_each(|it| *known.entry(it).or_default() |= 1 << (at & 63));
        }
    }
    known
});

/// The longest word of the table, in bytes.
const LONGEST: usize = 16;

fn classes(word: &str, of: usize) -> u64 {
    if word.len() > LONGEST {
        return 0;
    }
    let known = &KNOWN[of];
    let bits = known.get(word).or_else(|| known.get(word.strip_suffix('s')?));
    bits.copied().unwrap_or(0)
}

/// The classes that a word (lower case) is of, as bits.
pub(super) fn of_word(word: &str) -> u64 {
    classes(word, 1)
}

/// The classes that a word (lower case) asks for, as bits.
pub(super) fn named_by(word: &str) -> u64 {
    classes(word, 0)
}

/// The words that are of `classes`, given as bits, without those that share their stem with a verb: `running`.
pub(super) fn members(classes: u64) -> Vec<&'static str> {
    let of_class = CLASSES.iter().zip(0..).filter(|it| classes & 1 << (it.1 & 63) != 0);
    of_class.flat_map(|it| it.0.1.split(' ')).filter(|it| !it.ends_with("ing")).collect()
}

const ASKING: &[&str] = &["what", "which"];

const VERBS: &[&str] = &[
    "is", "s", "are", "was", "were", "do", "does", "did", "has", "have", "had", "can", "could", "would", "will",
    "should", "might", "may",
];

/// Words after which the thing itself is named: `what is her job`.
const BEFORE: &[&str] = &["s", "his", "her", "their", "my", "your", "our", "the", "a", "of", "favorite", "favourite"];

/// Words that make a question of what has none of [`ASKING`].
const OTHERWISE: &[&str] = &["who", "whose", "whom", "where", "when", "why", "how"];

/// Words after `what` among which the thing is named that it asks for.
const NEAR: usize = 6;

/// Words of a query that is no sentence, all of which say what is looked for: `musical instrument`.
const SHORT: usize = 4;

/// The words of `query` (lower case) that may name what it asks for: in `what sports does his family do` the sports, not
/// the family.
pub(super) fn asked_words(query: &str) -> HashSet<String> {
    let lower = query.to_lowercase();
    let words: Vec<&str> = lower.split(|it: char| !it.is_alphanumeric()).filter(|it| !it.is_empty()).collect();
    let is_any = |lists: &[&[&str]]| words.iter().any(|it| lists.iter().any(|list| list.contains(it)));
    if words.len() <= SHORT && !is_any(&[ASKING, VERBS, OTHERWISE]) {
        return words.iter().map(|it| (*it).to_owned()).collect();
    }
    let mut asked = HashSet::new();
    for (at, word) in words.iter().enumerate() {
        let rest = words.get(at + 1..).unwrap_or_default();
        if !ASKING.contains(word) {
            continue;
        }
        if rest.first().is_some_and(|it| VERBS.contains(it)) {
            let pairs = rest.windows(2).take(NEAR).filter(|it| BEFORE.contains(&it[0]));
            asked.extend(pairs.map(|it| it[1].to_owned()));
        } else {
            let named = rest.iter().take(NEAR).take_while(|it| !VERBS.contains(it));
            asked.extend(named.map(|it| (*it).to_owned()));
        }
    }
    asked
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_word_is_of_its_classes_and_asks_for_its_own() {
        assert_ne!(named_by("sport") & of_word("kickboxing"), 0);
        assert_ne!(named_by("cities") & of_word("rome"), 0);
        assert_ne!(named_by("pets") & of_word("dogs"), 0);
        assert_eq!(named_by("cities") & of_word("spain"), 0);
        assert_eq!((named_by("meeting"), of_word("quarterly")), (0, 0));
    }

    #[test]
    fn what_is_asked_for_stands_behind_what_or_is_all_there_is() {
        for (query, asked, other) in [
            ("What sports does his family do?", "sports", "family"),
            ("Which Nordic countries has Ada been to?", "countries", "been"),
            ("What kind of food did she bring to the event?", "food", "event"),
            ("What is Ada's job?", "job", "ada"),
            ("What 's Joey 's profession ?", "profession", "what"),
            ("What's the name of her favourite drink?", "drink", "what"),
            ("musical instrument", "instrument", "what"),
        ] {
            let words = asked_words(query);
            assert!(words.contains(asked) && !words.contains(other), "{query}: {words:?}");
        }
        for query in ["Where did his family move?", "How is the furniture?", "We moved the furniture to the new office"]
        {
            assert!(asked_words(query).is_empty(), "{query}");
        }
    }

    #[test]
    fn the_table_fits_its_bits_and_is_in_lower_case() {
        assert!(CLASSES.len() <= 64);
        for (asking, members) in CLASSES {
            for word in asking.split(' ').chain(members.split(' ')) {
                assert!(word.len() <= LONGEST && word.bytes().all(|it| it.is_ascii_lowercase()), "{word:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_query_is_too_strange(query in "(what |which |is |her |sport |\\PC{0,5} ){0,9}") {
            let _ = asked_words(&query);
        }
    }
}
