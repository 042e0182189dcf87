using Berth.Cli.Completion;

namespace Berth.Cli.Commands;

/// <summary>Writes what a shell needs to complete commands, their options and the values of options.</summary>
internal static class CompletionCommand
{
    public static BerthCommand Build()
    {
        var shell = Arguments.Choice("SHELL", "bash, zsh or fish", ShellScripts.Shells);
        return BerthCommand.Of(
            "completion",
            "Print the completion of a shell.",
            [
                "berth completion bash > ~/.local/share/bash-completion/completions/berth",
                "berth completion zsh > ~/.zfunc/_berth", "berth completion fish > ~/.config/fish/completions/berth.fish",
            ],
            [shell],
            call => call.Terminal.Out.WriteAsync(ShellScripts.Of(call.Get(shell), CompletionTable.Of(BerthCli.Build()))));
    }
}
