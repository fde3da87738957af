//! `chatforge config`

use clap::Subcommand;

use crate::cli::Context;

#[derive(Subcommand)]
pub enum Command {
    /// Check the configuration file and the environment
    Check,
    /// Print the effective configuration
    Show,
}

impl Command {
    pub fn run(self, context: &Context) -> anyhow::Result<()> {
        let config = context.config(&[])?;
        match self {
            Self::Check => println!("The configuration is valid."),
            Self::Show => print!("{}", toml::to_string(&config)?),
        }
        Ok(())
    }
}
