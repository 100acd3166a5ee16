using Backprop.CommandLine;
using Backprop.Core;
using Backprop.Serving;

namespace Backprop.Coordinator.Commands;

/// <summary>Who may reach the coordinator: this machine alone, or whoever holds the token and checks the certificate.</summary>
internal static class AccessRules
{
    /// <exception cref="UserErrorException">Something would stand open, or a certificate, key or token is unfit.</exception>
    public static void Check(TrainOptions options, SettingValues values)
    {
        if (options.Dashboard is { IsLoopback: false } page)
        {
            throw new UserErrorException(
                $"{values.Given(TrainSettings.Dashboard)} would show the page to other machines without a login; it takes a "
                + $"loopback address such as 127.0.0.1:{page.Port}, reached from elsewhere by: ssh -L {page.Port}:127.0.0.1:{page.Port} HOST");
        }

        if (options.InProcess)
            return;
        CheckPorts(options, values);
        EntranceRules.Check(
            new EntranceSettings(
                TrainSettings.Listen, TrainSettings.CertificateFile, TrainSettings.KeyFile, TrainSettings.TokenFile, TrainSettings.ClientAuthorityFile),
            options.Listen, values);
    }

    private static void CheckPorts(TrainOptions options, SettingValues values)
    {
        if (options.Dashboard is { } page && page.ClashesWith(options.Listen))
        {
            // The clash can come from one option and the other's default, so both are shown with their values.
            throw new UserErrorException(
                $"--listen {options.Listen} and --dashboard {page} cannot share port {page.Port}; give "
                + $"{(values.IsGiven(TrainSettings.Dashboard) ? "--listen" : "--dashboard")} another one, or 0 for any free one.");
        }
    }
}
