//! Sentence models from a folder on this machine: BERT with mean or first-token pooling, as sentence-transformers
//! writes it. Built with the feature `candle` only.
//!
//! Nothing is read before the first text. The model's id is a fingerprint of its files, so that another model in the
//! same folder never meets the vectors of the one before.

use std::io::Read as _;
use std::io::Seek as _;
use std::io::SeekFrom;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::OnceLock;

use candle_core::DType;
use candle_core::Device;
use candle_core::Tensor;
use candle_nn::VarBuilder;
use candle_transformers::models::bert::BertModel;
use candle_transformers::models::bert::Config as BertConfig;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::Deserialize;
use tokenizers::Tokenizer;

use super::embedder::EmbedError;
use super::embedder::Embedder;
use crate::vector::Vector;

/// Texts of one call: some hundred milliseconds of work, for a step of the background to end soon.
const BATCH: usize = 16;

/// A text is cut here before its pieces are counted: more than the 512 pieces that BERT reads ever take in prose.
const LONGEST_TEXT_BYTES: usize = 32 * 1024;

/// Parts of the weights that the fingerprint reads, of 4 KiB each, evenly spread: some 2 ms, where all of it is 90 MB.
const PARTS: u64 = 64;

/// What a folder has to hold.
const FILES: [&str; 3] = ["config.json", "tokenizer.json", "model.safetensors"];

/// A model in a folder.
#[derive(Clone, Debug)]
pub struct FolderEmbedder {
    folder: PathBuf,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Written at the first use; holds as long as the process.
    id: OnceLock<Arc<str>>,
    model: OnceLock<Model>,
    /// Held while the model is read.
    reading: Mutex<()>,
}

struct Model {
    bert: BertModel,
    tokenizer: Tokenizer,
    pooling: Pooling,
    dimensions: usize,
    /// The id of what stands for a word that the tokenizer does not know.
    unknown: Option<u32>,
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Model").field("dimensions", &self.dimensions).field("pooling", &self.pooling).finish()
    }
}

/// What becomes of the vectors of a text's pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pooling {
    Mean,
    /// That of the piece before the first word.
    First,
}

impl FolderEmbedder {
    /// The model in `folder`, which is looked at when it is needed.
    pub fn new(folder: PathBuf) -> FolderEmbedder {
        FolderEmbedder { folder, state: Arc::default() }
    }

    fn unusable(&self, reason: impl std::fmt::Display) -> EmbedError {
        EmbedError::Unusable { embedder: format!("folder:{}", self.folder.display()), reason: reason.to_string() }
    }

    /// The model, read by whoever comes first.
    fn model(&self) -> Result<&Model, EmbedError> {
        if let Some(model) = self.state.model.get() {
            return Ok(model);
        }
        let _held = self.state.reading.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(model) = self.state.model.get() {
            return Ok(model);
        }
        let id = self.id();
        let model = read(&self.folder).map_err(|reason| self.unusable(reason))?;
        if fingerprint(&self.folder).map_err(|reason| self.unusable(reason))? != *id {
            return Err(self.unusable("the model was changed while it was in use; start the program again"));
        }
        Ok(self.state.model.get_or_init(|| model))
    }
}

impl Embedder for FolderEmbedder {
    fn id(&self) -> Arc<str> {
        if let Some(id) = self.state.id.get() {
            return Arc::clone(id);
        }
        match fingerprint(&self.folder) {
            Ok(id) => Arc::clone(self.state.id.get_or_init(|| id.into())),
            // Nothing is ever stored under it.
            Err(_) => format!("folder:{}", self.folder.display()).into(),
        }
    }

    fn dimensions(&self) -> Option<usize> {
        self.state.model.get().map(|it| it.dimensions)
    }

    fn batch(&self) -> usize {
        BATCH
    }

    fn embed<'a>(&'a self, texts: &'a [String]) -> BoxFuture<'a, Result<Vec<Option<Vector>>, EmbedError>> {
        let (embedder, texts) = (self.clone(), texts.to_vec());
        async move {
            if texts.is_empty() {
                return Ok(Vec::new());
            }
            let name = embedder.clone();
            let work = move || {
                let model = embedder.model()?;
                let one = |text: &String| model.encode(text).map_err(|reason| embedder.unusable(reason));
                texts.iter().map(one).collect()
            };
            tokio::task::spawn_blocking(work).await.unwrap_or_else(|err| Err(name.unusable(err)))
        }
        .boxed()
    }
}

impl Model {
    /// The vector of `text`; `None` when the tokenizer knows nothing in it. Each text goes through the model alone, so
    /// that its vector does not depend on those beside it.
    fn encode(&self, text: &str) -> Result<Option<Vector>, String> {
        let text = &text[..text.floor_char_boundary(LONGEST_TEXT_BYTES)];
        let encoding = self.tokenizer.encode_fast(text, true).map_err(|err| err.to_string())?;
        let special = encoding.get_special_tokens_mask();
        let knows = |(id, special): (&u32, &u32)| *special == 0 && Some(*id) != self.unknown;
        if !encoding.get_ids().iter().zip(special).any(knows) {
            return Ok(None);
        }
        let pooled = self.forward(encoding.get_ids(), encoding.get_type_ids()).map_err(|err| err.to_string())?;
        Ok(Vector::from_floats(&pooled))
    }

    fn forward(&self, ids: &[u32], types: &[u32]) -> candle_core::Result<Vec<f32>> {
        let ids = Tensor::new(ids, &Device::Cpu)?.unsqueeze(0)?;
        let types = Tensor::new(types, &Device::Cpu)?.unsqueeze(0)?;
        let pieces = self.bert.forward(&ids, &types, None)?.squeeze(0)?;
        match self.pooling {
            Pooling::Mean => pieces.mean(0)?.to_vec1(),
            Pooling::First => pieces.get(0)?.to_vec1(),
        }
    }
}

/// The id of the model in `folder`: a hash of its small files whole and of its weights in part.
fn fingerprint(folder: &Path) -> Result<String, String> {
    let mut hasher = blake3::Hasher::new();
    for name in [FILES[0], FILES[1], "1_Pooling/config.json", "sentence_bert_config.json"] {
        match std::fs::read(folder.join(name)) {
            Ok(bytes) => hasher.update(&(bytes.len() as u64).to_le_bytes()).update(&bytes),
            Err(_) if !FILES.contains(&name) => hasher.update(&[0]),
            Err(err) => return Err(missing(folder, name, &err)),
        };
    }
    let path = folder.join(FILES[2]);
    let mut weights = || -> std::io::Result<()> {
        let mut file = std::fs::File::open(&path)?;
        let length = file.metadata()?.len();
        hasher.update(&length.to_le_bytes());
        let mut part = Vec::with_capacity(4096);
        for at in 0..PARTS {
            part.clear();
            file.seek(SeekFrom::Start(length / PARTS * at))?;
            file.by_ref().take(4096).read_to_end(&mut part)?;
            hasher.update(&part);
        }
        Ok(())
    };
    weights().map_err(|err| missing(folder, FILES[2], &err))?;
    let name = folder.file_name().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default();
    let hash = hasher.finalize().to_hex();
    Ok(format!("folder:{name}:{}", &hash.as_str()[..16]))
}

fn missing(folder: &Path, name: &str, err: &std::io::Error) -> String {
    format!("cannot read {}: {err}; the folder of a model holds {}", folder.join(name).display(), FILES.join(", "))
}

/// What `1_Pooling/config.json` says.
#[derive(Deserialize)]
struct PoolingFile {
    #[serde(default)]
    pooling_mode_cls_token: bool,
    #[serde(default)]
    pooling_mode_mean_tokens: bool,
}

/// What `sentence_bert_config.json` says.
#[derive(Deserialize)]
struct LengthFile {
    max_seq_length: Option<usize>,
}

fn read(folder: &Path) -> Result<Model, String> {
    let text = |name: &str| std::fs::read(folder.join(name)).map_err(|err| missing(folder, name, &err));
    let bad =
        |name: &str, err: &dyn std::fmt::Display| format!("{} is not as expected: {err}", folder.join(name).display());

    let raw = text(FILES[0])?;
    let kind: serde_json::Value = serde_json::from_slice(&raw).map_err(|err| bad(FILES[0], &err))?;
    let kind = kind.get("model_type").and_then(serde_json::Value::as_str).unwrap_or("bert").to_owned();
    if kind != "bert" {
        return Err(format!("the model in {} is of the type `{kind}`; only `bert` can be used", folder.display()));
    }
    let config: BertConfig = serde_json::from_slice(&raw).map_err(|err| bad(FILES[0], &err))?;

    let pooling = match std::fs::read(folder.join("1_Pooling/config.json")) {
        Ok(raw) => {
            let file: PoolingFile = serde_json::from_slice(&raw).map_err(|err| bad("1_Pooling/config.json", &err))?;
            match (file.pooling_mode_mean_tokens, file.pooling_mode_cls_token) {
                (true, false) => Pooling::Mean,
                (false, true) => Pooling::First,
                _ => return Err(bad("1_Pooling/config.json", &"neither mean nor first-token pooling")),
            }
        }
        Err(_) => Pooling::Mean,
    };
    let length = std::fs::read(folder.join("sentence_bert_config.json"))
        .ok()
        .and_then(|raw| serde_json::from_slice::<LengthFile>(&raw).ok()?.max_seq_length)
        .unwrap_or(config.max_position_embeddings)
        .clamp(8, config.max_position_embeddings.max(8));

    let mut tokenizer = Tokenizer::from_bytes(text(FILES[1])?).map_err(|err| bad(FILES[1], &err))?;
    let truncation = tokenizers::TruncationParams { max_length: length, ..tokenizers::TruncationParams::default() };
    tokenizer.with_truncation(Some(truncation)).map_err(|err| bad(FILES[1], &err))?;
    tokenizer.with_padding(None);
    let unknown = ["[UNK]", "<unk>"].iter().find_map(|it| tokenizer.token_to_id(it));

    // Read, not mapped: a file that somebody writes to while it is mapped ends the process.
    let weights = candle_core::safetensors::load_buffer(&text(FILES[2])?, &Device::Cpu);
    let weights = weights.map_err(|err| bad(FILES[2], &err))?;
    let builder = VarBuilder::from_tensors(weights, DType::F32, &Device::Cpu);
    let bert = BertModel::load(builder, &config).map_err(|err| bad(FILES[2], &err))?;
    Ok(Model { bert, tokenizer, pooling, dimensions: config.hidden_size, unknown })
}
