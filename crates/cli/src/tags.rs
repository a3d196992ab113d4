//! `comity tags`: who is said to own an address, by whom and since when.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use trace::attribution::{
    self, Blockchain, Boundaries, Confidence, Day, File, Gather, Provenance, SetFile, Standing,
    TagSet, View, cited,
};
use trace::exhibit::Kind;

/// Tags.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Reads files of tags and says what is wrong or odd in them.
    #[command(after_help = "Exit codes: 0 all can be read, 1 some cannot.
Example:
  comity tags check tagpacks/ ofac/ own.csv")]
    Check {
        /// TagPacks and actor packs (.yaml), own tags (.csv), sanctions lists
        /// (sanctioned_addresses_ASSET.txt), labels and set files (.json); folders are searched.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Every oddity instead of the first five of a file.
        #[arg(long)]
        all: bool,
    },
    /// Shows everything that is said of an address.
    #[command(after_help = "Example:
  comity tags show 1Archive1n2C579dMsAu3iC6tWzuQJz8dN --tags tagpacks/ --as-of 2023-01-01")]
    Show {
        /// The address, in any spelling.
        address: String,
        /// Its blockchain, such as BTC, ETH or TRX; all of them without.
        #[arg(long)]
        on: Option<String>,
        #[command(flatten)]
        tags: Tags,
        /// JSON instead of words.
        #[arg(long)]
        json: bool,
    },
    /// Counts addresses by the name that is said of them.
    #[command(after_help = "Example:
  comity tags names --tags tagpacks/ --actors")]
    Names {
        #[command(flatten)]
        tags: Tags,
        /// Actors only, not labels without an actor.
        #[arg(long)]
        actors: bool,
    },
    /// Lists what was said on one day and not on another.
    #[command(after_help = "Example:
  comity tags diff --from 2022-08-01 --to 2022-09-01 --tags set.json")]
    Diff {
        /// The first day.
        #[arg(long, value_parser = day)]
        from: Day,
        /// The second day.
        #[arg(long, value_parser = day)]
        to: Day,
        /// Files of tags, or folders of them.
        #[arg(long, num_args = 1.., required = true)]
        tags: Vec<PathBuf>,
        /// The day of publication of files of which no set file tells it.
        #[arg(long, value_parser = day)]
        published: Option<Day>,
    },
    /// Lists addresses for which several actors are named, and what was decided.
    #[command(after_help = "Example:
  comity tags contested --tags tagpacks/")]
    Contested {
        #[command(flatten)]
        tags: Tags,
    },
    /// Lists which concepts end a trace, and why.
    #[command(after_help = "Example:
  comity tags boundaries")]
    Boundaries,
}

/// Which tags, and as of when.
#[derive(clap::Args)]
pub struct Tags {
    /// Files of tags, or folders of them.
    #[arg(long = "tags", num_args = 1.., required = true)]
    files: Vec<PathBuf>,
    /// The day as of which the tags speak, YYYY-MM-DD; without one, what the newest versions say.
    #[arg(long, value_parser = day)]
    as_of: Option<Day>,
    /// The day of publication of files of which no set file tells it.
    #[arg(long, value_parser = day)]
    published: Option<Day>,
}

/// The same for a trace, where tags are not needed.
#[derive(clap::Args)]
pub struct TraceTags {
    /// Files of tags, or folders of them: the trace ends at the services they name.
    #[arg(long = "tags", num_args = 1..)]
    files: Vec<PathBuf>,
    /// The day as of which the tags speak, YYYY-MM-DD; without one, what the newest versions say.
    #[arg(long, value_parser = day, requires = "files")]
    as_of: Option<Day>,
    /// The day of publication of files of which no set file tells it.
    #[arg(long, value_parser = day, requires = "files")]
    published: Option<Day>,
    /// Tags of less confidence end no trace: web_crawl, forensic, authority_data, ownership ...
    #[arg(long, default_value = "unknown", value_parser = confidence)]
    confidence_min: Confidence,
}

impl TraceTags {
    /// The tags, where some were given.
    pub fn load(&self) -> anyhow::Result<Option<TagSet>> {
        if self.files.is_empty() {
            return Ok(None);
        }
        load(&self.files, self.published).map(Some)
    }

    /// The tags as of the day asked for.
    pub fn view<'a>(&self, set: &'a TagSet) -> View<'a> {
        View { set, day: self.as_of }
    }

    /// Which tags end a trace.
    pub fn boundaries(&self) -> Boundaries {
        Boundaries { confidence_min: self.confidence_min }
    }
}

/// Most files of one command.
const FILES_MAX: usize = 20_000;
/// Deepest folder that is searched.
const FOLDERS_MAX: usize = 16;
/// Oddities of one file that are shown without `--all`.
const ODDITIES_SHOWN: usize = 5;

/// Runs `comity tags`.
pub fn run(command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Check { files, all } => check(files, *all),
        Command::Show { address, on, tags, json } => show(address, on.as_deref(), tags, *json),
        Command::Names { tags, actors } => names(tags, *actors),
        Command::Diff { from, to, tags, published } => diff(*from, *to, tags, *published),
        Command::Contested { tags } => contested(tags),
        Command::Boundaries => {
            for rule in &attribution::boundary::RULES {
                println!("{:<22} {:<5} {}", rule.concept, rule.effect.name(), rule.reason);
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn day(text: &str) -> Result<Day, String> {
    attribution::day(text).map_err(|fault| fault.to_string())
}

fn confidence(text: &str) -> Result<Confidence, String> {
    text.parse().map_err(|fault: attribution::Fault| fault.to_string())
}

/// A file to be read, by the name that an exhibit gives it, which holds no folder of this machine.
struct Found {
    name: String,
    path: PathBuf,
    provenance: Provenance,
    sha256: Option<chain::FileDigest>,
}

/// Files as they were named, and in folders every file whose name is one of a file of tags.
fn find(paths: &[PathBuf], published: Option<Day>) -> anyhow::Result<Vec<Found>> {
    let mut found = Vec::new();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let before = found.len();
        search(path, name, 0, published, &mut found)?;
        if found.len() == before {
            bail!(
                "{}: the folder has no file of tags: .yaml (TagPack, actor pack), .csv (own), \
                 .json (set, Etherscan) or sanctioned_addresses_ASSET.txt",
                path.display()
            );
        }
    }
    Ok(found)
}

fn search(
    path: &Path,
    name: String,
    depth: usize,
    published: Option<Day>,
    found: &mut Vec<Found>,
) -> anyhow::Result<()> {
    if !path.is_dir() {
        let of_tags = [".yaml", ".yml", ".csv", ".json"].iter().any(|end| name.ends_with(end))
            || attribution::lists::asset_of_list(&name).is_some();
        if depth == 0 || of_tags {
            let provenance = Provenance { published, ..Provenance::default() };
            found.push(Found { name, path: path.to_owned(), provenance, sha256: None });
        }
        if found.len() > FILES_MAX {
            bail!("there are more than {FILES_MAX} files");
        }
        return Ok(());
    }
    if depth >= FOLDERS_MAX {
        bail!("{}: folders are nested more than {FOLDERS_MAX} deep", path.display());
    }
    let entries = std::fs::read_dir(path).with_context(|| format!("{}", path.display()))?;
    let mut entries = entries.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let inside = entry.file_name().to_string_lossy().into_owned();
        search(&entry.path(), format!("{name}/{inside}"), depth + 1, published, found)?;
    }
    Ok(())
}

fn read(found: &Found) -> anyhow::Result<File> {
    let bytes = std::fs::read(&found.path).with_context(|| format!("{}", found.path.display()))?;
    let file = attribution::read(&found.name, &bytes, found.provenance.clone())?;
    if let (Some(expected), File::Tags(pack)) = (found.sha256, &file)
        && pack.facts.sha256 != expected
    {
        bail!("{}: its SHA-256 is {}, the set file says {expected}", found.name, pack.facts.sha256);
    }
    Ok(file)
}

/// The files that a set file names, which lie beside it.
fn of_set(set: &SetFile, at: &Path) -> Vec<Found> {
    let folder = at.parent().unwrap_or(Path::new(""));
    let found = set.files.iter().map(|entry| Found {
        name: entry.path.clone(),
        path: folder.join(&entry.path),
        provenance: entry.provenance.clone(),
        sha256: entry.sha256,
    });
    found.collect()
}

/// All files as one set.
fn load(paths: &[PathBuf], published: Option<Day>) -> anyhow::Result<TagSet> {
    load_with(paths, published, &|_| None)
}

/// The same, with days of publication by digest for files of which nothing else tells it.
fn load_with(
    paths: &[PathBuf],
    published: Option<Day>,
    by_digest: &dyn Fn(&str) -> Option<Day>,
) -> anyhow::Result<TagSet> {
    let add = |gather: &mut Gather, mut file: File| {
        if let File::Tags(pack) = &mut file {
            let day = by_digest(&pack.facts.sha256.to_string());
            let published = &mut pack.facts.provenance.published;
            *published = published.or(day);
        }
        add(gather, file)
    };
    let mut gather = Gather::default();
    for found in find(paths, published)? {
        match read(&found)? {
            File::Set(set) => {
                for entry in of_set(&set, &found.path) {
                    add(&mut gather, read(&entry)?)?;
                }
                set.decisions.into_iter().for_each(|decision| gather.decision(decision));
            }
            file => add(&mut gather, file)?,
        }
    }
    Ok(gather.finish()?)
}

fn add(gather: &mut Gather, file: File) -> anyhow::Result<()> {
    match file {
        File::Tags(pack) => gather.pack(pack)?,
        File::Actors(pack) => gather.actors(pack)?,
        File::Set(_) => bail!("a set file cannot name another"),
    }
    Ok(())
}

/// Whether files say what an exhibit cites; nothing is checked where no files are given.
pub fn check_cited(exhibit: &[u8], kind: Kind, files: &[PathBuf]) -> anyhow::Result<()> {
    if files.is_empty() {
        return Ok(());
    }
    let (blockchain, attribution) = match kind {
        Kind::Outputs => {
            let parameters = trace::exhibit::recorded_parameters(exhibit)?;
            (Blockchain::BITCOIN, parameters.attribution)
        }
        Kind::Accounts => {
            let (chain, parameters) = trace::account::exhibit::recorded_parameters(exhibit)?;
            (Blockchain::of_accounts(chain), parameters.attribution)
        }
    };
    let Some(attribution) = attribution else {
        bail!("the exhibit cites no tag packs; leave out --tags");
    };
    // days of publication are what the exhibit says they are: they are not in the files
    let published = |sha256: &str| {
        let pack = attribution.packs.iter().find(|pack| pack.sha256 == sha256);
        pack.and_then(|pack| pack.published)
    };
    let set = load_with(files, None, &published)?;
    attribution.check(&set, &blockchain)?;
    eprintln!("the tags say what the exhibit cites");
    Ok(())
}

fn check(paths: &[PathBuf], all: bool) -> anyhow::Result<ExitCode> {
    let mut gather = Gather::default();
    let mut refused = 0;
    let mut waiting = find(paths, None)?;
    waiting.reverse();
    while let Some(found) = waiting.pop() {
        let file = match read(&found) {
            Ok(file) => file,
            Err(error) => {
                refused += 1;
                println!("{error:#}");
                continue;
            }
        };
        match file {
            File::Tags(pack) => {
                let odd = pack.findings.len() as u64 + pack.findings_left_out;
                println!("{}: {} tags, {odd} odd", found.name, pack.facts.tags);
                let shown = if all { pack.findings.len() } else { ODDITIES_SHOWN };
                for finding in pack.findings.iter().take(shown) {
                    println!("  {}: {}", finding.line, finding.what);
                }
                add(&mut gather, File::Tags(pack))?;
            }
            File::Actors(pack) => {
                println!("{}: {} actors", found.name, pack.actors.len());
                add(&mut gather, File::Actors(pack))?;
            }
            File::Set(set) => {
                let (files, decisions) = (set.files.len(), set.decisions.len());
                println!("{}: {files} files, {decisions} decisions", found.name);
                waiting.extend(of_set(&set, &found.path));
                set.decisions.into_iter().for_each(|decision| gather.decision(decision));
            }
        }
    }
    let set = gather.finish()?;
    let view = set.newest();
    let names = view.names();
    let actors = names.iter().filter(|named| named.is_actor).count();
    println!(
        "{} packs, {} tags of {} addresses on {} blockchains; {actors} actors, {} labels without \
         an actor; {} contested or decided addresses; {refused} files refused",
        set.packs().len(),
        set.tag_count(),
        set.address_count(),
        set.chains().len(),
        names.len() - actors,
        view.contested().len(),
    );
    for decision in &set.decisions_elsewhere {
        println!(
            "a decision about {} {}, of which no pack speaks",
            decision.chain, decision.address
        );
    }
    Ok(if refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show(address: &str, on: Option<&str>, tags: &Tags, json: bool) -> anyhow::Result<ExitCode> {
    let set = load(&tags.files, tags.published)?;
    let view = View { set: &set, day: tags.as_of };
    let on = on.map(Blockchain::named).transpose()?;
    let mut shown = 0;
    for chain in set.chains().iter().filter(|chain| on.as_ref().is_none_or(|on| on == *chain)) {
        let Some(number) = set.find(chain, &chain.spell(address).text) else { continue };
        let cited = cited::cite(&view, Boundaries::default(), number);
        let others = view.all(number).len() - cited.as_ref().map_or(0, |cited| cited.said.len());
        shown += 1;
        if json {
            let object = serde_json::json!({
                "network": chain.code(), "tags_not_in_force": others, "cited": cited,
            });
            println!("{}", serde_json::to_string_pretty(&object)?);
            continue;
        }
        let Some(cited) = cited else {
            println!("{chain} {address}: {others} tags, none of them in force on that day");
            continue;
        };
        println!(
            "{chain} {}: {}; {}: {}",
            cited.address, cited.standing, cited.effect, cited.reason
        );
        for said in &cited.said {
            let pack = set.packs().iter().find(|pack| pack.sha256.to_string() == said.pack);
            let actor = said.actor.as_deref().map(|id| format!(" ({id})")).unwrap_or_default();
            let believed = if said.believed { "" } else { ", not believed" };
            println!("  {}{actor}: {}{believed}", said.label, said.concepts.join(", "));
            println!(
                "    confidence {} ({}), {}, said {}",
                said.confidence,
                said.confidence_level,
                said.legal_status.replace('_', " "),
                said.recorded.map_or("on no known day".to_owned(), |day| format!("on {day}")),
            );
            println!("    source {}", said.source);
            println!("    {} line {}", pack.map_or("", |pack| &pack.name), said.line);
        }
        if others > 0 {
            println!("  {others} more tags are not in force on that day");
        }
    }
    if shown == 0 {
        eprintln!("no pack names this address");
    }
    Ok(if shown == 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn names(tags: &Tags, actors: bool) -> anyhow::Result<ExitCode> {
    let set = load(&tags.files, tags.published)?;
    let view = View { set: &set, day: tags.as_of };
    let mut names = view.names();
    names.retain(|named| named.is_actor || !actors);
    names.sort_by(|a, b| b.addresses.cmp(&a.addresses).then_with(|| a.name.cmp(&b.name)));
    println!("{:>9}  {:>9}  {:>5}  {:<22}  name", "addresses", "tags", "packs", "confidence");
    for named in names {
        let name =
            if named.is_actor { named.name.to_string() } else { format!("\"{}\"", named.name) };
        println!(
            "{:>9}  {:>9}  {:>5}  {:<22}  {name}",
            named.addresses,
            named.tags,
            named.packs,
            named.strongest.name()
        );
    }
    let undated = view.undated();
    if undated > 0 {
        eprintln!("{undated} tags have no day and are left out; --published gives their files one");
    }
    Ok(ExitCode::SUCCESS)
}

fn diff(from: Day, to: Day, tags: &[PathBuf], published: Option<Day>) -> anyhow::Result<ExitCode> {
    let set = load(tags, published)?;
    let diff = set.diff(from, to);
    for (sign, sayings) in [("+", &diff.appeared), ("-", &diff.ended)] {
        for saying in sayings {
            let (address, statement) = set.said(*saying);
            let (chain, text) = set.address(address);
            println!(
                "{sign} {chain} {text} {} [{}] {}",
                statement.name(),
                statement.concepts.join(" "),
                statement.confidence
            );
        }
    }
    eprintln!("{} appeared, {} ended", diff.appeared.len(), diff.ended.len());
    let undated = set.as_of(to).undated();
    if undated > 0 {
        eprintln!("{undated} tags have no day and are left out; --published gives their files one");
    }
    Ok(ExitCode::SUCCESS)
}

fn contested(tags: &Tags) -> anyhow::Result<ExitCode> {
    let set = load(&tags.files, tags.published)?;
    let view = View { set: &set, day: tags.as_of };
    for (address, standing) in view.contested() {
        let (chain, text) = set.address(address);
        match standing {
            Standing::Agreed => {}
            Standing::Contested(actors) => println!("{chain} {text}: {}", actors.join(", ")),
            Standing::Decided(actors, decision) => println!(
                "{chain} {text}: {}; on {} {} and {} decided for {}: {}",
                actors.join(", "),
                decision.on,
                decision.by,
                decision.approved_by,
                decision.keep.as_deref().unwrap_or("none of them"),
                decision.why
            ),
        }
    }
    Ok(ExitCode::SUCCESS)
}
