import equinox as eqx
import jax
import jax.numpy as jnp
import jinns
import optax

key, own = jax.random.split(jax.random.PRNGKey(0))
layers = ((eqx.nn.Linear, 1, 16), (jax.nn.tanh,), (eqx.nn.Linear, 16, 1))
u, start = jinns.nn.PINN_MLP.create(key=own, eqx_list=layers, eq_type="ODE")


class Decay(jinns.loss.ODE):
    def equation(self, t, u, params):
        return jax.jacrev(lambda t: u(t, params))(t).squeeze(-1) + u(t, params)


key, own = jax.random.split(key)
data = jinns.data.DataGeneratorODE(key=own, nt=64, tmin=0.0, tmax=1.0, temporal_batch_size=32)
params = jinns.parameters.Params(nn_params=start, eq_params={})
weights = jinns.loss.LossWeightsODE(dyn_loss=1.0, initial_condition=1.0)
loss = jinns.loss.LossODE(
    u=u, loss_weights=weights, dynamic_loss=Decay(), initial_condition=(0.0, jnp.array([1.0])), params=params
)
for rate in (1e-2, 1e-3):
    params, losses, *_ = jinns.solve(
        init_params=params, data=data, optimizer=optax.adam(rate), loss=loss, n_iter=300, print_loss_every=100
    )
print("losses:", float(losses[-1]))
