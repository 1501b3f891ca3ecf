# SPDX-License-Identifier: Apache-2.0
"""Which schedulers, settings and step counts golden_schedulers.py runs, and which it expects to be refused."""

CASES = []
REFUSED = []
NOISED = []
BEGUN = []

EPSILON_SAMPLE_V = ("epsilon", "sample", "v_prediction")
EPSILON_V = ("epsilon", "v_prediction")
SPACINGS = ("leading", "linspace", "trailing")
SIGMAS = ("use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas")
FLOW = dict(use_flow_sigmas=True, prediction_type="flow_prediction")
ZERO_SNR = dict(rescale_betas_zero_snr=True, prediction_type="v_prediction", timestep_spacing="trailing")


def case(cls, steps, eta=0.0, real=False, batch=2, shared=False, churn=None, mu=None, canvas=None, strength=1.0,
         **config):
    """One run. What is missing takes its default here and in the test."""
    spec = dict(cls=cls, steps=steps, config=config)
    extra = dict(eta=eta, real=real, batch=batch, shared=shared, churn=churn, mu=mu, canvas=canvas, strength=strength)
    defaults = dict(eta=0.0, real=False, batch=2, shared=False, churn=None, mu=None, canvas=None, strength=1.0)
    CASES.append(spec | {key: value for key, value in extra.items() if value != defaults[key]})


def refused(cls, steps=10, **config):
    """diffusers raises an error or answers with values that are not numbers."""
    REFUSED.append(dict(cls=cls, steps=steps, config=config))


def common(cls, predictions, spacings=SPACINGS, steps=(1, 3, 30), schedules=("scaled_linear", "squaredcos_cap_v2")):
    """What is tried with every scheduler on a chain of betas."""
    for prediction in predictions:
        case(cls, 10, prediction_type=prediction)
    for count in steps:
        case(cls, count)
    for spacing in spacings:
        case(cls, 7, timestep_spacing=spacing, steps_offset=1)
    for schedule in schedules:
        case(cls, 10, beta_schedule=schedule)
    case(cls, 10, real=True)
    case(cls, 5, real=True, shared=True)
    refused(cls, beta_schedule="sigmoid" if cls != "DDPMScheduler" else "exp")


def ddpm():
    cls = "DDPMScheduler"
    common(cls, EPSILON_SAMPLE_V)
    for schedule in ("sigmoid", "laplace"):
        case(cls, 10, beta_schedule=schedule)
    for variance in ("fixed_small_log", "fixed_large", "learned", "learned_range"):
        case(cls, 10, variance_type=variance)
    case(cls, 4, num_train_timesteps=5, trained_betas=[0.01, 0.05, 0.1, 0.2, 0.3])
    case(cls, 48, timestep_spacing="trailing")
    case(cls, 10, **ZERO_SNR)
    case(cls, 10, clip_sample=False)
    case(cls, 10, clip_sample_range=0.7)
    case(cls, 10, thresholding=True, sample_max_value=1.5, dynamic_thresholding_ratio=0.9)
    case(cls, 12, real=True, batch=4)
    refused(cls, steps=1001)


def ddim():
    cls = "DDIMScheduler"
    common(cls, EPSILON_SAMPLE_V)
    for prediction in EPSILON_SAMPLE_V:
        for eta in (0.7, 1.0):
            case(cls, 10, eta, prediction_type=prediction)
    for spacing in SPACINGS:
        case(cls, 7, timestep_spacing=spacing, steps_offset=1, set_alpha_to_one=False)
    case(cls, 10, **ZERO_SNR)
    # all noise is fresh at the first step: what is kept of the old is 0 but for rounding, below it in diffusers at 10 steps
    for steps in (20, 50):
        case(cls, steps, 1.0, clip_sample=False, **ZERO_SNR)
    case(cls, 10, beta_schedule="squaredcos_cap_v2", clip_sample_range=2.0)
    case(cls, 10, thresholding=True, sample_max_value=1.5)
    for prediction in ("epsilon", "v_prediction"):  # nothing of x0 is left at the start: infinite, then clipped
        case(cls, 5, rescale_betas_zero_snr=True, prediction_type=prediction, timestep_spacing="linspace")
    case(cls, 10, 0.5, real=True, batch=3)
    case(cls, 10, 0.5, real=True, shared=True)


def pndm():
    cls = "PNDMScheduler"
    common(cls, EPSILON_V, steps=(4, 30))
    for prediction in EPSILON_V:
        case(cls, 10, prediction_type=prediction, skip_prk_steps=True)
    for steps in (1, 2, 3, 30):
        case(cls, steps, skip_prk_steps=True)
    for spacing in SPACINGS:
        case(cls, 7, timestep_spacing=spacing, skip_prk_steps=True, set_alpha_to_one=True)
    case(cls, 10, real=True, skip_prk_steps=True)
    refused(cls, prediction_type="sample")
    refused(cls, steps=3)


def spaced(cls, sigma_ends):
    """Karras, exponential and beta sigmas."""
    for switch in SIGMAS:
        case(cls, 10, **{switch: True})
    if sigma_ends:
        for switch in SIGMAS:
            case(cls, 5, sigma_min=0.05, sigma_max=20.0, **{switch: True})
    refused(cls, use_karras_sigmas=True, use_beta_sigmas=True)


def lms():
    cls = "LMSDiscreteScheduler"
    common(cls, EPSILON_SAMPLE_V)
    spaced(cls, False)
    case(cls, 6, use_karras_sigmas=True, beta_schedule="squaredcos_cap_v2")
    case(cls, 10, real=True, use_karras_sigmas=True)


def euler():
    cls = "EulerDiscreteScheduler"
    common(cls, EPSILON_SAMPLE_V)
    spaced(cls, True)
    case(cls, 4, num_train_timesteps=5, trained_betas=[0.01, 0.05, 0.1, 0.2, 0.3])
    case(cls, 10, interpolation_type="log_linear")
    case(cls, 10, interpolation_type="log_linear", use_karras_sigmas=True)
    case(cls, 10, final_sigmas_type="sigma_min", timestep_spacing="leading")
    case(cls, 10, **ZERO_SNR)
    for spacing in SPACINGS:
        case(cls, 8, timestep_type="continuous", prediction_type="v_prediction", use_karras_sigmas=True, sigma_min=0.002,
             sigma_max=700.0, timestep_spacing=spacing)
    case(cls, 8, timestep_type="continuous", prediction_type="v_prediction", interpolation_type="log_linear")
    case(cls, 8, timestep_type="continuous")
    for prediction in EPSILON_SAMPLE_V:
        case(cls, 10, churn=[20.0, 0.5, 50.0, 1.003], prediction_type=prediction)
    case(cls, 10, real=True, churn=[5.0, 0.0, 1000.0, 1.0])
    refused(cls, prediction_type="flow_prediction")


def euler_ancestral():
    cls = "EulerAncestralDiscreteScheduler"
    common(cls, EPSILON_V)
    case(cls, 10, **ZERO_SNR)
    case(cls, 10, real=True, batch=3)
    refused(cls, prediction_type="sample")


def heun():
    cls = "HeunDiscreteScheduler"
    common(cls, EPSILON_SAMPLE_V)
    spaced(cls, False)
    case(cls, 10, beta_schedule="exp")
    case(cls, 6, use_karras_sigmas=True, beta_schedule="squaredcos_cap_v2")
    case(cls, 10, clip_sample=True, clip_sample_range=1.3)
    case(cls, 5, real=True, use_karras_sigmas=True)


def kdpm2():
    plain, ancestral = "KDPM2DiscreteScheduler", "KDPM2AncestralDiscreteScheduler"
    for cls in (plain, ancestral):
        # with the cosine's high levels diffusers' ancestral variances may come out below zero in f32
        common(cls, EPSILON_V, schedules=("scaled_linear", "squaredcos_cap_v2") if cls == plain else ("scaled_linear",))
        spaced(cls, False)
        case(cls, 5, real=True, use_karras_sigmas=True)
        refused(cls, prediction_type="sample")


def dpm_multistep():
    cls = "DPMSolverMultistepScheduler"
    common(cls, EPSILON_SAMPLE_V)
    spaced(cls, False)
    for algorithm in ("dpmsolver++", "sde-dpmsolver++", "dpmsolver", "sde-dpmsolver"):
        end = "zero" if algorithm.endswith("++") else "sigma_min"
        for order in (1, 2, 3):
            for solver in ("midpoint", "heun"):
                if (order, algorithm) != (3, "sde-dpmsolver") and (order == 2 or solver == "midpoint"):
                    for steps in (10, 20):
                        case(cls, steps, algorithm_type=algorithm, solver_order=order, solver_type=solver, final_sigmas_type=end)
        for prediction in ("sample", "v_prediction"):
            case(cls, 7, algorithm_type=algorithm, final_sigmas_type=end, prediction_type=prediction)
        case(cls, 7, algorithm_type=algorithm, final_sigmas_type=end, thresholding=True, sample_max_value=1.5)
        case(cls, 10, real=True, algorithm_type=algorithm, final_sigmas_type=end)
    for variance in ("learned", "learned_range", "fixed_small"):
        case(cls, 5, variance_type=variance)
    case(cls, 5, variance_type="learned", algorithm_type="dpmsolver", final_sigmas_type="sigma_min")
    case(cls, 10, lower_order_final=False, solver_order=3)
    case(cls, 20, euler_at_final=True, final_sigmas_type="sigma_min")
    case(cls, 20, use_karras_sigmas=True, final_sigmas_type="sigma_min")
    for schedule in ("linear", "squaredcos_cap_v2"):
        case(cls, 10, use_lu_lambdas=True, beta_schedule=schedule)
    case(cls, 6, use_karras_sigmas=True, beta_schedule="squaredcos_cap_v2")
    for spacing in SPACINGS:
        case(cls, 20, lambda_min_clipped=-2.0, timestep_spacing=spacing)
    case(cls, 10, lambda_min_clipped=-5.1, beta_schedule="squaredcos_cap_v2")
    case(cls, 10, **ZERO_SNR)
    case(cls, 4, num_train_timesteps=5, trained_betas=[0.01, 0.05, 0.1, 0.2, 0.3])
    flow(cls)
    case(cls, 10, use_flow_sigmas=True, prediction_type="epsilon")
    for threshold in (False, True):
        case(cls, 10, use_flow_sigmas=True, prediction_type="v_prediction", algorithm_type="dpmsolver",
             final_sigmas_type="sigma_min", thresholding=threshold)
    refused(cls, algorithm_type="dpmsolver")
    refused(cls, algorithm_type="sde-dpmsolver", solver_order=3, final_sigmas_type="sigma_min")
    refused(cls, algorithm_type="dpmsolver", final_sigmas_type="sigma_min", **FLOW)
    refused(cls, use_karras_sigmas=True, **FLOW)
    refused(cls, steps=1000)


def flow(cls):
    """Straight paths in a solver that is made for chains of betas."""
    for steps in (1, 10, 20):
        case(cls, steps, **FLOW)
    case(cls, 10, flow_shift=3.0, **FLOW)
    case(cls, 10, mu=0.8, use_dynamic_shifting=True, **FLOW)
    case(cls, 10, canvas=[64, 96, 2], use_dynamic_shifting=True, **FLOW)
    case(cls, 10, thresholding=True, **FLOW)
    case(cls, 6, real=True, **FLOW)


def dpm_singlestep():
    cls = "DPMSolverSinglestepScheduler"
    common(cls, EPSILON_SAMPLE_V, spacings=())
    spaced(cls, False)
    for algorithm in ("dpmsolver++", "sde-dpmsolver++", "dpmsolver"):
        end = "zero" if algorithm == "dpmsolver++" else "sigma_min"
        for order in (1, 2, 3):
            for solver in ("midpoint", "heun"):
                if order > 1 or solver == "midpoint":
                    case(cls, 9, algorithm_type=algorithm, solver_order=order, solver_type=solver, final_sigmas_type=end)
        for prediction in ("sample", "v_prediction"):
            case(cls, 8, algorithm_type=algorithm, final_sigmas_type=end, prediction_type=prediction)
        case(cls, 8, real=True, algorithm_type=algorithm, final_sigmas_type=end)
    case(cls, 8, algorithm_type="sde-dpmsolver++")
    for steps in (2, 4, 5, 6, 7, 8):
        case(cls, steps, solver_order=3, lower_order_final=steps % 2 == 0)
        case(cls, steps, solver_order=3, lower_order_final=steps % 2 == 1, final_sigmas_type="sigma_min")
    case(cls, 8, thresholding=True, sample_max_value=1.5)
    case(cls, 5, variance_type="learned_range")
    case(cls, 10, lambda_min_clipped=-5.1, beta_schedule="squaredcos_cap_v2")
    flow(cls)
    refused(cls, solver_order=4)
    refused(cls, algorithm_type="sde-dpmsolver", final_sigmas_type="sigma_min")
    refused(cls, algorithm_type="dpmsolver")


def deis():
    cls = "DEISMultistepScheduler"
    common(cls, EPSILON_SAMPLE_V)
    spaced(cls, False)
    for order in (1, 2, 3):
        for steps in (10, 20):
            case(cls, steps, solver_order=order)
    case(cls, 10, solver_order=3, lower_order_final=False)
    case(cls, 20, solver_order=3, use_karras_sigmas=True)
    case(cls, 10, thresholding=True, sample_max_value=1.5)
    case(cls, 10, algorithm_type="dpmsolver++", solver_type="midpoint")
    flow(cls)
    case(cls, 16, use_flow_sigmas=True, prediction_type="v_prediction", solver_order=3)
    refused(cls, algorithm_type="sde-dpmsolver++")


def unipc():
    cls = "UniPCMultistepScheduler"
    common(cls, EPSILON_SAMPLE_V)
    spaced(cls, True)
    for order in (1, 2, 3, 4):
        for solver in ("bh1", "bh2"):
            case(cls, 10, solver_order=order, solver_type=solver, final_sigmas_type="sigma_min")
    for order in (1, 2, 3):
        case(cls, 20, solver_order=order)
    for prediction in EPSILON_SAMPLE_V:
        case(cls, 10, predict_x0=False, final_sigmas_type="sigma_min", prediction_type=prediction)
    case(cls, 10, predict_x0=False, final_sigmas_type="sigma_min", solver_order=3, solver_type="bh1")
    case(cls, 10, predict_x0=False, final_sigmas_type="sigma_min", thresholding=True)
    case(cls, 10, disable_corrector=[0, 1, 5])
    case(cls, 10, lower_order_final=False, final_sigmas_type="sigma_min")
    case(cls, 20, use_karras_sigmas=True, final_sigmas_type="sigma_min")
    case(cls, 10, thresholding=True, sample_max_value=1.5)
    case(cls, 10, solver_type="heun")
    case(cls, 10, **ZERO_SNR)
    flow(cls)
    case(cls, 10, use_karras_sigmas=True, **FLOW)
    case(cls, 10, mu=1.5, use_dynamic_shifting=True, time_shift_type="linear", **FLOW)
    case(cls, 10, shift_terminal=0.1, flow_shift=2.0, final_sigmas_type="sigma_min", **FLOW)
    refused(cls, shift_terminal=0.1)
    refused(cls, predict_x0=False)
    refused(cls, predict_x0=False, final_sigmas_type="sigma_min", **FLOW)
    refused(cls, use_exponential_sigmas=True, **FLOW)
    refused(cls, use_dynamic_shifting=True, **FLOW)


def lcm():
    cls = "LCMScheduler"
    common(cls, EPSILON_SAMPLE_V, spacings=())
    case(cls, 4, original_inference_steps=30, timestep_scaling=1.0)
    case(cls, 4, clip_sample=True)
    case(cls, 4, thresholding=True, sample_max_value=1.5)
    case(cls, 4, rescale_betas_zero_snr=True, prediction_type="v_prediction")
    refused(cls, steps=51)
    refused(cls, original_inference_steps=1001)


def tcd():
    cls = "TCDScheduler"
    common(cls, EPSILON_SAMPLE_V, spacings=())
    for prediction in EPSILON_SAMPLE_V:
        for eta in (0.3, 1.0):
            case(cls, 8, eta, prediction_type=prediction)
    for eta in (0.0, 0.3, 0.75):
        case(cls, 4, eta, strength=0.6)
        case(cls, 5, eta, real=True)
    case(cls, 4, 0.3, original_inference_steps=30, timestep_scaling=1.0)
    case(cls, 50, 0.3)
    case(cls, 4, 0.3, clip_sample=True, thresholding=True, set_alpha_to_one=False)
    case(cls, 4, 0.3, rescale_betas_zero_snr=True, prediction_type="v_prediction")
    case(cls, 5, 0.5, real=True, shared=True)
    refused(cls, steps=51)
    refused(cls, original_inference_steps=1001)


def edm_euler():
    cls = "EDMEulerScheduler"
    for prediction in EPSILON_V:
        case(cls, 10, prediction_type=prediction)
    for steps in (1, 3, 30):
        case(cls, steps)
    for schedule in ("karras", "exponential"):
        case(cls, 10, sigma_schedule=schedule, sigma_data=1.0, rho=5.0, final_sigmas_type="sigma_min")
    case(cls, 10, churn=[20.0, 0.5, 50.0, 1.003])
    case(cls, 10, real=True)
    case(cls, 5, real=True, shared=True)
    refused(cls, prediction_type="sample")


def flow_match_euler():
    cls = "FlowMatchEulerDiscreteScheduler"
    for steps in (1, 3, 10, 30):
        case(cls, steps)
    case(cls, 10, shift=3.0)
    for kind in ("exponential", "linear"):
        case(cls, 10, mu=0.9, use_dynamic_shifting=True, time_shift_type=kind)
        case(cls, 10, canvas=[64, 48, 2], use_dynamic_shifting=True, time_shift_type=kind)
    case(cls, 5, canvas=[32, 32, 1], use_dynamic_shifting=True, base_shift=0.25, max_shift=1.5, base_image_seq_len=64,
         max_image_seq_len=2048)
    for switch in SIGMAS:
        case(cls, 10, shift=2.0, **{switch: True})
    case(cls, 10, shift_terminal=0.1)
    case(cls, 10, invert_sigmas=True)
    case(cls, 10, stochastic_sampling=True)
    case(cls, 10, real=True)
    case(cls, 5, real=True, shared=True, stochastic_sampling=True)
    refused(cls, use_dynamic_shifting=True)
    refused(cls, use_karras_sigmas=True, use_beta_sigmas=True)


def score_sde_ve():
    cls = "ScoreSdeVeScheduler"
    for steps in (1, 3, 10, 30):
        case(cls, steps)
    for correct in (0, 2):
        case(cls, 5, correct_steps=correct)
    case(cls, 10, sigma_min=0.05, sigma_max=20.0, snr=0.17, sampling_eps=1e-3)
    case(cls, 5, real=True, sigma_max=20.0)
    case(cls, 5, real=True, shared=True, sigma_max=20.0)


def noised():
    """add_noise and get_velocity at training levels, 0 the least noise."""
    names = sorted({spec["cls"] for spec in CASES}, key=[spec["cls"] for spec in CASES].index)
    NOISED.extend(dict(cls=name, config={}) for name in names)
    for name in ("DPMSolverMultistepScheduler", "EulerDiscreteScheduler"):
        NOISED.append(dict(cls=name, config=dict(beta_schedule="squaredcos_cap_v2")))
    NOISED.append(dict(cls="FlowMatchEulerDiscreteScheduler", config=dict(shift=3.0)))


def begun():
    """Runs that begin with a noised picture at a later step, and keep a part of it."""
    for cls in ("DDPMScheduler", "DDIMScheduler", "LMSDiscreteScheduler", "EulerDiscreteScheduler", "EulerAncestralDiscreteScheduler",
                "HeunDiscreteScheduler", "KDPM2DiscreteScheduler", "KDPM2AncestralDiscreteScheduler",
                "DPMSolverMultistepScheduler", "DPMSolverSinglestepScheduler", "DEISMultistepScheduler",
                "UniPCMultistepScheduler", "LCMScheduler", "TCDScheduler", "EDMEulerScheduler", "FlowMatchEulerDiscreteScheduler"):
        for strength in (0.3, 0.75, 1.0):
            BEGUN.append(dict(cls=cls, steps=10, strength=strength, config={}))
    for strength in (0.3, 0.75, 1.0):
        BEGUN.append(dict(cls="PNDMScheduler", steps=10, strength=strength, config=dict(skip_prk_steps=True)))
        BEGUN.append(dict(cls="DPMSolverSinglestepScheduler", steps=9, strength=strength, config=dict(solver_order=3)))
        BEGUN.append(dict(cls="DPMSolverMultistepScheduler", steps=20, strength=strength,
                          config=dict(solver_order=3, algorithm_type="sde-dpmsolver++", use_karras_sigmas=True)))
        BEGUN.append(dict(cls="TCDScheduler", steps=10, strength=strength, eta=0.3, config={}))
        BEGUN.append(dict(cls="UniPCMultistepScheduler", steps=10, strength=strength, config=dict(solver_order=3, **FLOW)))


for define in (ddpm, ddim, pndm, lms, euler, euler_ancestral, heun, kdpm2, dpm_multistep, dpm_singlestep, deis, unipc, lcm, tcd,
               edm_euler, flow_match_euler, score_sde_ve, noised, begun):
    define()
