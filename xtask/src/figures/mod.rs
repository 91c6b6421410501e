//! `cargo xtask figures`: measures anew what the documentation says in figures and writes it there, each with the command
//! that repeats it. A block is everything between a line `<!-- figures:NAME -->` and the next `<!-- /figures -->`.
//!
//! It judges nothing: what must hold is tested.

mod audit;
mod bench;
mod block;
mod cache;
mod forecast;
mod ledger;
mod limits;
mod measured;
mod portfolio;
mod shared_budget;

use anyhow::{Context as _, Result};

use crate::installed;
use crate::steps::Steps;
use crate::workspace::Workspace;

/// What makes a block.
#[derive(Debug, Clone, Copy)]
struct Recipe {
    /// The block's name.
    name: &'static str,
    /// The page it stands on.
    page: &'static str,
    /// Measures and words it, in Markdown.
    make: fn(&Workspace) -> Result<String>,
}

const RECIPES: [Recipe; 7] = [
    Recipe {
        name: "limits",
        page: "docs/limits.md",
        make: limits::make,
    },
    Recipe {
        name: "shared-budget",
        page: "docs/shared-budget.md",
        make: shared_budget::make,
    },
    Recipe {
        name: "cache",
        page: "docs/cache.md",
        make: cache::make,
    },
    Recipe {
        name: "forecast",
        page: "docs/forecast.md",
        make: forecast::make,
    },
    Recipe {
        name: "ledger",
        page: "docs/ledger.md",
        make: ledger::make,
    },
    Recipe {
        name: "audit",
        page: "docs/audit.md",
        make: audit::make,
    },
    Recipe {
        name: "portfolio",
        page: "docs/portfolio.md",
        make: portfolio::make,
    },
];

/// The names there are.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    RECIPES.iter().map(|recipe| recipe.name)
}

/// Makes the named blocks anew, all of them for no name.
pub(crate) fn run(steps: &mut Steps<'_>, wanted: &[String]) {
    installed::servers(steps);
    let asked = |recipe: &&Recipe| wanted.is_empty() || wanted.iter().any(|name| name == recipe.name);
    for recipe in RECIPES.iter().filter(asked) {
        let again = format!("cargo xtask figures {}", recipe.name);
        steps.step(recipe.name, again, |workspace| write(recipe, workspace));
    }
}

fn write(recipe: &Recipe, workspace: &Workspace) -> Result<()> {
    let path = workspace.root().join(recipe.page);
    let read = || std::fs::read_to_string(&path).with_context(|| format!("read {}", recipe.page));
    // Looked for before anything is measured, which takes minutes.
    block::replace(&read()?, recipe.name, "").with_context(|| recipe.page)?;
    let made = (recipe.make)(workspace)?;
    let page = block::replace(&read()?, recipe.name, &made)?;
    std::fs::write(&path, page).with_context(|| format!("write {}", recipe.page))?;
    println!("{made}\nwritten to {}", recipe.page);
    Ok(())
}
