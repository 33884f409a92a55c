//! The `carryall` command.
fn main() -> anyhow::Result<()> {
    let env = carryall::config::Environment::of_process()?;
    let r = carryall::config::resolve(&carryall::config::Flags::default(), &env)?;
    let rt = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    rt.block_on(async move {
        let app = carryall::app::App::new(r.config, carryall::clock::Clock::system());
        let (reader, writer) = rmcp::transport::io::stdio_pipes();
        carryall::server::serve(
            app,
            carryall::server::Connection { reader, writer, stop: Default::default(), listener_gone: || false },
        )
        .await
    })
}
